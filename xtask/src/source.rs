//! The words of Rust source text, without what comments and literals say.
//!
//! Enough of a lexer for the import rules: it never reports a word from a comment, a string or a character, and
//! loses no identifier that stands in code.

use std::iter::Peekable;
use std::str::Chars;

/// An identifier or keyword and the line it stands on, from 1.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) line: usize,
    pub(crate) text: String,
}

/// The identifiers and keywords of `source`, in order.
pub(crate) fn words(source: &str) -> Vec<Word> {
    let mut lexer = Lexer { rest: source.chars().peekable(), line: 1 };
    let mut words = Vec::new();
    while let Some(character) = lexer.next() {
        match character {
            '/' if lexer.eat('/') => lexer.skip_to_end_of_line(),
            '/' if lexer.eat('*') => lexer.skip_block_comment(),
            '"' => lexer.skip_string(),
            '\'' => lexer.skip_character_or_lifetime(),
            character if is_word_start(character) => {
                let line = lexer.line;
                let text = lexer.word(character);
                if !lexer.is_literal_prefix(&text) {
                    words.push(Word { line, text });
                }
            }
            // So that the exponent of 1e5 or the type of 1u8 is not a word.
            digit if digit.is_ascii_digit() => drop(lexer.word(digit)),
            _ => {}
        }
    }
    words
}

struct Lexer<'a> {
    rest: Peekable<Chars<'a>>,
    line: usize,
}

impl Lexer<'_> {
    fn next(&mut self) -> Option<char> {
        let character = self.rest.next()?;
        if character == '\n' {
            self.line += 1;
        }
        Some(character)
    }

    fn peek(&mut self) -> Option<char> {
        self.rest.peek().copied()
    }

    fn eat(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.next();
        }
        found
    }

    fn word(&mut self, first: char) -> String {
        let mut text = String::from(first);
        while let Some(character) = self.peek().filter(|&character| is_word_part(character)) {
            text.push(character);
            self.next();
        }
        text
    }

    fn skip_to_end_of_line(&mut self) {
        while self.next().is_some_and(|character| character != '\n') {}
    }

    /// Block comments nest.
    fn skip_block_comment(&mut self) {
        let mut depth = 1;
        while depth > 0 {
            match self.next() {
                Some('*') if self.eat('/') => depth -= 1,
                Some('/') if self.eat('*') => depth += 1,
                Some(_) => {}
                None => return,
            }
        }
    }

    fn skip_string(&mut self) {
        while let Some(character) = self.next() {
            match character {
                '\\' => drop(self.next()),
                '"' => return,
                _ => {}
            }
        }
    }

    /// After `'`: 'a' and '\'' are characters, 'a in `&'a str` is a lifetime.
    fn skip_character_or_lifetime(&mut self) {
        match self.next() {
            Some('\\') => {
                self.next();
                while self.next().is_some_and(|character| character != '\'') {}
            }
            Some(first) if is_word_start(first) => {
                // One letter and a quote is a character; otherwise a lifetime, which is no word.
                if !self.eat('\'') {
                    self.word(first);
                }
            }
            _ => drop(self.eat('\'')),
        }
    }

    /// Whether the word just read belongs to a literal: b"..", b'.', c"..", r"..", br#".."#; but r#name is an
    /// identifier. A raw string is skipped here, the others by the caller's loop.
    fn is_literal_prefix(&mut self, word: &str) -> bool {
        match word {
            "b" => matches!(self.peek(), Some('"' | '\'')),
            "c" => self.peek() == Some('"'),
            "r" | "br" | "cr" => self.skip_raw_string(),
            _ => false,
        }
    }

    /// After the `r` of a raw string: skips it and says true; leaves anything else alone.
    fn skip_raw_string(&mut self) -> bool {
        let mut ahead = self.rest.clone();
        let mut hashes = 0;
        while ahead.peek() == Some(&'#') {
            ahead.next();
            hashes += 1;
        }
        if ahead.next() != Some('"') {
            return false;
        }
        for _ in 0..=hashes {
            self.next();
        }
        while let Some(character) = self.next() {
            if character == '"' && (0..hashes).all(|_| self.eat('#')) {
                break;
            }
        }
        true
    }
}

fn is_word_start(character: char) -> bool {
    character == '_' || character.is_alphabetic()
}

fn is_word_part(character: char) -> bool {
    character == '_' || character.is_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str, expected: &[&str]) {
        let found: Vec<String> = words(source).into_iter().map(|word| word.text).collect();
        assert_eq!(found, expected, "{source}");
    }

    #[test]
    fn words_are_those_of_code() {
        check("use sqlx::SqlitePool;", &["use", "sqlx", "SqlitePool"]);
        check("a // b c\nd", &["a", "d"]);
        check("/// b\n//! c\nd", &["d"]);
        check("a /* b /* c */ d */ e", &["a", "e"]);
        check(r#"a "b \" c" d"#, &["a", "d"]);
        check(r#"a b"b" c"c" b'd' b'\'' e"#, &["a", "e"]);
        check(r##"a r"b\" c r#"d " e"# f br#"g"# h"##, &["a", "c", "f", "h"]);
        check("r#type r b", &["r", "type", "r", "b"]);
        check(r"a 'b' '\'' '\u{1f600}' '\\' ' ' '/' '_' c", &["a", "c"]);
        check("fn f<'long, 'a>(x: &'a str) -> &'static str", &["fn", "f", "x", "str", "str"]);
        check("1e5 + 0xffu8 - x1", &["x1"]);
        check("a / b 'label: loop", &["a", "b", "loop"]);
    }

    #[test]
    fn lines_count_through_comments_and_literals() {
        let source = "/* a\n */ \"b\nc\" r\"\n\" // d\nhere";
        assert_eq!(words(source), [Word { line: 5, text: "here".to_owned() }]);
    }
}
