//! Passwords from standard input or from the terminal, never from the command line, where everybody could read them.

use std::io::{self, BufRead as _, IsTerminal as _};

use anyhow::Context as _;
use callvault_core::secret::Secret;
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

use crate::failure::hinted;
use crate::printer;

/// The longest line that is read. The longest password is far shorter.
const MOST_BYTES: u64 = 4096;

/// Gets a new password for somebody.
///
/// # Errors
/// When there is none, or the two times it was typed differ.
pub(crate) fn ask(from_stdin: bool, whose: &str) -> anyhow::Result<Secret> {
    if from_stdin {
        return first_line(io::stdin().lock()).context("cannot read the password from standard input");
    }
    if !io::stdin().is_terminal() {
        return Err(hinted(
            "a password is needed and there is no terminal to ask on",
            "give it on standard input with --password-stdin",
        ));
    }
    let once = prompt(&format!("Password for {}: ", printer::printable(whose)))?;
    let again = prompt("Once more: ")?;
    anyhow::ensure!(once == again, "the two passwords differ");
    Ok(once)
}

fn first_line(input: impl io::BufRead) -> anyhow::Result<Secret> {
    let mut line = String::new();
    input.take(MOST_BYTES).read_line(&mut line)?;
    let password = line.strip_suffix('\n').unwrap_or(&line);
    let password = password.strip_suffix('\r').unwrap_or(password);
    anyhow::ensure!(!password.is_empty(), "it is empty");
    Ok(Secret::new(password))
}

fn prompt(question: &str) -> anyhow::Result<Secret> {
    let input = io::stdin();
    let before = tcgetattr(&input).context("cannot ask on the terminal")?;
    let mut silent = before.clone();
    silent.local_modes.remove(LocalModes::ECHO);
    printer::ask(question);
    tcsetattr(&input, OptionalActions::Flush, &silent).context("cannot silence the terminal")?;
    let password = first_line(input.lock());
    tcsetattr(&input, OptionalActions::Now, &before).context("cannot restore the terminal")?;
    printer::complain("");
    password
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_without_its_end_is_the_password() {
        let check = |input: &str, password: Option<&str>| {
            let read = first_line(input.as_bytes()).ok();
            assert_eq!(read.as_ref().map(Secret::reveal), password, "{input:?}");
        };
        check("secret words\nmore", Some("secret words"));
        check("secret\r\n", Some("secret"));
        check(" kept \n", Some(" kept "));
        check("no end", Some("no end"));
        check("\n", None);
        check("", None);
    }
}
