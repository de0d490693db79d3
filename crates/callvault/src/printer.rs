//! The one place that writes to standard output and standard error. Data goes to the first, the rest to the second.

use std::io::{self, IsTerminal, Write};

use serde_json::Value;

/// One column of a table: its title and where a row keeps the value.
pub(crate) struct Column {
    title: &'static str,
    path: &'static str,
}

/// A column whose value is at `path`, a key or keys with dots between them.
pub(crate) const fn column(title: &'static str, path: &'static str) -> Column {
    Column { title, path }
}

/// Writes for people, or for programs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Printer {
    json: bool,
}

impl Printer {
    /// A printer; with `json`, data is printed as JSON.
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    /// Whether data is printed as JSON.
    pub(crate) fn is_json(self) -> bool {
        self.json
    }

    /// A line of data.
    pub(crate) fn line(self, text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        writeln!(out, "{text}")?;
        out.flush()
    }

    /// Something that was added: the whole object as JSON, for people its number alone.
    pub(crate) fn added(self, object: &Value) -> io::Result<()> {
        if self.json { self.line(&object.to_string()) } else { self.line(&text_of(&object["id"])) }
    }

    /// One object: as JSON, for people one `key: value` line each.
    pub(crate) fn object(self, object: &Value) -> io::Result<()> {
        if self.json {
            return self.line(&object.to_string());
        }
        let mut rows = Vec::new();
        flatten("", object, &mut rows);
        let width = rows.iter().map(|(key, _)| key.len()).max().unwrap_or(0);
        let mut out = io::stdout().lock();
        for (key, text) in rows {
            writeln!(out, "{}", format!("{key:<width$}  {text}").trim_end())?;
        }
        out.flush()
    }

    /// Begins a table, or with JSON an array, that grows page by page.
    pub(crate) fn table(self, columns: &'static [Column]) -> Table {
        Table { printer: self, columns, rows: 0 }
    }

    /// A remark on standard error.
    pub(crate) fn note(self, text: &str) {
        complain(text);
    }
}

/// Writes to standard error. Nobody can be told when that fails.
pub(crate) fn complain(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Asks something, on standard error and without an end of line.
pub(crate) fn ask(question: &str) {
    let mut out = io::stderr().lock();
    let _ = write!(out, "{question}").and_then(|()| out.flush());
}

/// A list on its way out. Rows come in pages, so that memory does not grow with their number; the columns of a page are
/// aligned with each other.
pub(crate) struct Table {
    printer: Printer,
    columns: &'static [Column],
    rows: usize,
}

impl Table {
    /// Prints a page.
    pub(crate) fn rows(&mut self, rows: &[Value]) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if self.printer.json {
            for row in rows {
                out.write_all(if self.rows == 0 { b"[\n" } else { b",\n" })?;
                self.rows += 1;
                write!(out, "{row}")?;
            }
            return out.flush();
        }
        let mut lines: Vec<Vec<String>> = Vec::new();
        if self.rows == 0 && !rows.is_empty() {
            lines.push(self.columns.iter().map(|column| column.title.to_owned()).collect());
        }
        self.rows += rows.len();
        lines.extend(
            rows.iter().map(|row| {
                self.columns.iter().map(|column| text_of(at(row, column.path))).collect::<Vec<_>>()
            }),
        );
        let widths: Vec<usize> = (0..self.columns.len())
            .map(|place| lines.iter().map(|line| line[place].chars().count()).max().unwrap_or(0))
            .collect();
        for line in lines {
            let cells: Vec<String> =
                line.iter().zip(&widths).map(|(text, width)| format!("{text:<width$}")).collect();
            writeln!(out, "{}", cells.join("  ").trim_end())?;
        }
        out.flush()
    }

    /// Ends the list.
    pub(crate) fn end(self) -> io::Result<()> {
        if self.printer.json { self.printer.line(if self.rows == 0 { "[]" } else { "\n]" }) } else { Ok(()) }
    }
}

fn at<'a>(row: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(row, |value, key| &value[key])
}

/// A value as people read it. Control characters are shown escaped: a name must not steer a terminal.
fn text_of(value: &Value) -> String {
    let text = match value {
        Value::Null => "-".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text_of).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    };
    printable(&text)
}

/// The text with control characters escaped.
pub(crate) fn printable(text: &str) -> String {
    let escape = |letter: char| {
        if letter.is_control() { letter.escape_default().to_string() } else { letter.to_string() }
    };
    if text.contains(char::is_control) { text.chars().map(escape).collect() } else { text.to_owned() }
}

fn flatten(prefix: &str, value: &Value, rows: &mut Vec<(String, String)>) {
    let key = |name: &str| if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, field)| flatten(&key(name), field, rows)),
        Value::Array(items) if items.iter().any(Value::is_object) => {
            for (place, item) in items.iter().enumerate() {
                flatten(&key(&place.to_string()), item, rows);
            }
        }
        other => rows.push((prefix.to_owned(), text_of(other))),
    }
}

/// A bar on standard error while long work goes on; nothing where that is no terminal.
pub(crate) struct Progress {
    total_bytes: u64,
    done_bytes: u64,
    shown: bool,
}

impl Progress {
    /// Whether a bar would be seen.
    pub(crate) fn is_visible() -> bool {
        io::stderr().is_terminal()
    }

    /// A bar over so many bytes.
    pub(crate) fn new(total_bytes: u64) -> Self {
        Self { total_bytes, done_bytes: 0, shown: false }
    }

    /// More was done. A line of data printed meanwhile goes above the bar.
    pub(crate) fn advance(&mut self, bytes: u64, printer: Printer, line: Option<&str>) -> io::Result<()> {
        self.done_bytes += bytes;
        self.clear();
        if let Some(line) = line {
            printer.line(line)?;
        }
        if Self::is_visible() {
            const WIDTH: u64 = 40;
            let done = self.done_bytes.min(self.total_bytes);
            let filled = (done * WIDTH).checked_div(self.total_bytes).unwrap_or(WIDTH);
            let percent = (done * 100).checked_div(self.total_bytes).unwrap_or(100);
            let bar: String = (0..WIDTH).map(|place| if place < filled { '#' } else { '.' }).collect();
            let _ = write!(io::stderr().lock(), "\r[{bar}] {percent:>3} %");
            self.shown = true;
        }
        Ok(())
    }

    /// Takes the bar away.
    pub(crate) fn clear(&mut self) {
        if std::mem::take(&mut self.shown) {
            let _ = write!(io::stderr().lock(), "\r\x1b[K");
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_written_for_people_and_cannot_steer_a_terminal() {
        for (value, text) in [
            (json!(null), "-"),
            (json!(true), "yes"),
            (json!(12), "12"),
            (json!(["a", "b"]), "a,b"),
            (json!("a\u{1b}[2Jb"), "a\\u{1b}[2Jb"),
        ] {
            assert_eq!(text_of(&value), text);
        }
    }

    #[test]
    fn nested_objects_become_dotted_keys() {
        let mut rows = Vec::new();
        flatten("", &json!({"id": 1, "audio": {"codec": "pcm"}, "messages": [{"level": 2}]}), &mut rows);
        let rows: Vec<String> = rows.into_iter().map(|(key, text)| format!("{key}={text}")).collect();
        assert_eq!(rows, ["audio.codec=pcm", "id=1", "messages.0.level=2"]);
    }
}
