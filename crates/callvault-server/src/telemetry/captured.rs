//! What is logged while something is done, for the tests of it.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use super::{LogSettings, dispatch};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What `work` comes to, and the lines that are logged in this thread meanwhile.
pub(crate) fn captured<T>(settings: &LogSettings, work: impl FnOnce() -> T) -> (T, String) {
    let lines = Lines::default();
    let writer = lines.clone();
    let dispatch = dispatch(settings, move || writer.clone(), false).unwrap();
    let done = tracing::dispatcher::with_default(&dispatch, work);
    let bytes = lines.0.lock().unwrap().clone();
    (done, String::from_utf8(bytes).unwrap())
}
