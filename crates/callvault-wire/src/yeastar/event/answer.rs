//! The answer to a report, of which only the status counts.
//!
//! Receivers are small programs: some answer a status line and nothing more, some write anything or nothing at
//! all. So the status is known as soon as its third digit is over, and nothing is waited for after that.

/// What is known of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Not enough came yet.
    Pending,
    /// The status, 100 to 999. Interim answers (1xx but 101) are passed over.
    Status(u16),
    /// It is no HTTP.
    Garbage,
}

/// Reads an answer as it comes. Holds a few dozen bytes, whatever is sent.
#[derive(Debug, Default)]
pub struct AnswerReader {
    state: State,
}

#[derive(Debug)]
enum State {
    /// In the status line.
    Line(Vec<u8>),
    /// In the rest of an interim answer; whether its present line has something in it.
    Interim { line_has_text: bool },
    /// Decided.
    Done(Answer),
}

impl Default for State {
    fn default() -> Self {
        Self::Line(Vec::new())
    }
}

impl AnswerReader {
    /// A reader at the beginning of an answer.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes and tells what is known now. Once that is not [`Answer::Pending`], it stays so.
    pub fn push(&mut self, bytes: &[u8]) -> Answer {
        for byte in bytes {
            self.state = match std::mem::take(&mut self.state) {
                // Blank lines before a status line are passed over (RFC 9112, section 2.2, has that of requests).
                State::Line(line) if line.is_empty() && matches!(byte, b'\r' | b'\n') => State::Line(line),
                State::Line(mut line) => {
                    line.push(*byte);
                    match read(&line) {
                        Answer::Pending => State::Line(line),
                        Answer::Status(100 | 102..=199) => State::Interim { line_has_text: *byte != b'\n' },
                        answer => State::Done(answer),
                    }
                }
                State::Interim { line_has_text } => match (byte, line_has_text) {
                    (b'\n', false) => State::default(),
                    (b'\n', true) => State::Interim { line_has_text: false },
                    (b'\r', _) => State::Interim { line_has_text },
                    _ => State::Interim { line_has_text: true },
                },
                State::Done(answer) => return self.decide(answer),
            };
        }
        match &self.state {
            State::Done(answer) => *answer,
            State::Line(_) | State::Interim { .. } => Answer::Pending,
        }
    }

    /// What is known once nothing more will come: never [`Answer::Pending`].
    pub fn finish(mut self) -> Answer {
        // A line that was cut after the third digit of its status says all that counts.
        match self.push(b"\n") {
            Answer::Pending => Answer::Garbage,
            answer => answer,
        }
    }

    fn decide(&mut self, answer: Answer) -> Answer {
        self.state = State::Done(answer);
        answer
    }
}

/// Reads the beginning of a status line. Blanks and version are taken as they come, within bounds.
fn read(line: &[u8]) -> Answer {
    const HTTP: &[u8] = b"HTTP/";
    let known = line.len().min(HTTP.len());
    if !line[..known].eq_ignore_ascii_case(&HTTP[..known]) {
        return Answer::Garbage;
    }
    let rest = &line[known..];
    let version = rest.iter().take_while(|byte| byte.is_ascii_digit() || **byte == b'.').count();
    let blanks = rest[version..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let rest = &rest[version + blanks..];
    if version > 8 || blanks > 8 || (blanks == 0 && !rest.is_empty()) {
        return Answer::Garbage;
    }
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    match (digits, rest.get(digits)) {
        (0..=3, None) => Answer::Pending,
        (3, Some(b' ' | b'\t' | b'\r' | b'\n')) => {
            match rest[..3].iter().fold(0, |status, digit| status * 10 + u16::from(digit - b'0')) {
                status @ 100.. => Answer::Status(status),
                _ => Answer::Garbage,
            }
        }
        _ => Answer::Garbage,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Whole, and byte by byte.
    #[track_caller]
    fn check(text: &str, expected: Answer) {
        assert_eq!(AnswerReader::new().push(text.as_bytes()), expected, "for {text:?}");
        let mut reader = AnswerReader::new();
        let mut last = Answer::Pending;
        for byte in text.bytes() {
            last = reader.push(&[byte]);
        }
        assert_eq!(last, expected, "for {text:?} in bytes");
    }

    #[test]
    fn statuses() {
        check("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", Answer::Status(200));
        check("HTTP/1.0 500 Oops\n", Answer::Status(500));
        check("http/1.1  204\r\n", Answer::Status(204));
        check("\r\nHTTP/1.1 200 ", Answer::Status(200));
        check("HTTP/1.1 200 OK\r\nnonsense \u{0}", Answer::Status(200));
        check("HTTP/2 302\n", Answer::Status(302));
        check("HTTP/1.1 101 Switching Protocols\r\n", Answer::Status(101));
    }

    #[test]
    fn interim_answers_are_passed_over() {
        check("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n", Answer::Status(200));
        check("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 404 \r\n", Answer::Status(404));
        check("HTTP/1.1 100\n\nHTTP/1.1 200\n", Answer::Status(200));
        check("HTTP/1.1 100 Continue\r\nX: y\r\n", Answer::Pending);
    }

    #[test]
    fn not_yet() {
        for text in ["", "\r\n", "H", "HTTP/1.", "HTTP/1.1 ", "HTTP/1.1 20", "HTTP/1.1 200"] {
            check(text, Answer::Pending);
        }
    }

    #[test]
    fn garbage() {
        for text in [
            "OK",
            "200 OK\r\n",
            "<html>",
            "HTTP/1.1\r\n",
            "HTTP/1.1 abc",
            "HTTP/1.1 20 OK",
            "HTTP/1.1 2000 ",
            "HTTP/1.1 099 x",
            "HTTP/1.1 200OK",
            "HTTP 200 OK",
            "\u{16}\u{3}\u{1}",
        ] {
            check(text, Answer::Garbage);
        }
    }

    #[test]
    fn the_end_decides() {
        for (text, expected) in [
            ("HTTP/1.1 200", Answer::Status(200)),
            ("HTTP/1.1 20", Answer::Garbage),
            ("", Answer::Garbage),
            ("HTTP/1.1 100 Continue\r\n\r\n", Answer::Garbage),
        ] {
            let mut reader = AnswerReader::new();
            reader.push(text.as_bytes());
            assert_eq!(reader.finish(), expected, "for {text:?}");
        }
    }

    proptest! {
        #[test]
        fn it_stays_decided_and_small(
            bytes in prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..200),
                "HTTP/[0-9. ]{0,99}(\r\n)?(HTTP/1.1 [0-9]{0,4})?.{0,9}".prop_map(String::into_bytes),
            ],
        ) {
            let mut reader = AnswerReader::new();
            let mut decided = Answer::Pending;
            for byte in &bytes {
                let answer = reader.push(&[*byte]);
                prop_assert!(decided == Answer::Pending || decided == answer);
                decided = answer;
                prop_assert!(!matches!(&reader.state, State::Line(line) if line.len() > 32));
            }
            prop_assert_eq!(AnswerReader::new().push(&bytes), decided);
            prop_assert_ne!(reader.finish(), Answer::Pending);
        }
    }
}
