//! Answers to look-ups that were read a moment ago and are still what the catalog says, as what their rows were read into.
//!
//! A look-up costs two changes of thread, more than all else that a small download needs. This process is the only one
//! that writes the catalog, and has one connection that does, so it can know exactly when a row may have changed: each
//! kept answer remembers the count of transactions at which its reading began, each table that of the last transaction that
//! may have changed it. A row is good while none of its tables is later. That count goes up after COMMIT and before
//! anybody is answered, so that who was told of a write never sees what was before it.
//!
//! Which tables a statement reads is told by the names in its text, too many rather than too few, as columns may have them
//! as well. Which it changes is told by the words that SQL has before them; where that is not understood, all.

use std::any::Any;
use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use crate::catalog::sql::Query;

/// Over this many answers the book starts anew. A row has about half a kilobyte, as what was read of it and in the question.
const MOST_ANSWERS: usize = 8192;

/// Answers of more rows are not kept, and neither are those of none: everybody can ask for what is not there.
const MOST_ROWS: usize = 4;

/// A set of tables, one bit for each; a catalog has at most as many.
pub(super) type Tables = u128;

/// All tables.
pub(super) const EVERY: Tables = Tables::MAX;

/// The names of the tables, and what goes with them.
#[derive(Debug, Default)]
pub(super) struct Schema {
    names: HashMap<String, u32>,
    /// For each table, those whose rows a deletion in it takes along or changes.
    dependent: Vec<Tables>,
    known: RwLock<HashMap<Cow<'static, str>, (Tables, Tables)>>,
}

#[expect(clippy::ptr_arg, reason = "what is kept of a text is its Cow, so that most are kept without a copy")]
impl Schema {
    /// `dependents` are pairs: a table, and one whose rows a deletion in the first deletes or changes.
    ///
    /// # Panics
    /// When there are more than 128 tables.
    pub(super) fn new(names: Vec<String>, dependents: &[(String, String)]) -> Self {
        assert!(names.len() <= Tables::BITS as usize, "there are more tables than bits");
        let count = names.len();
        let names: HashMap<String, u32> = names.into_iter().zip(0..).collect();
        let mut dependent: Vec<Tables> = (0..count).map(|table| 1 << table).collect();
        // Until nothing is added any more: a deletion may go on from table to table.
        loop {
            let before = dependent.clone();
            for (from, to) in dependents {
                if let (Some(from), Some(to)) = (names.get(from), names.get(to)) {
                    dependent[*from as usize] |= dependent[*to as usize];
                }
            }
            if dependent == before {
                break;
            }
        }
        Self { names, dependent, known: RwLock::default() }
    }

    /// The tables that a statement names.
    pub(super) fn named(&self, text: &Cow<'static, str>) -> Tables {
        self.looked_at(text).0
    }

    /// The tables that a statement may change; none for one that only reads.
    pub(super) fn changed(&self, text: &Cow<'static, str>) -> Tables {
        self.looked_at(text).1
    }

    fn looked_at(&self, text: &Cow<'static, str>) -> (Tables, Tables) {
        if let Some(known) = self.known.read().unwrap_or_else(PoisonError::into_inner).get(text) {
            return *known;
        }
        let (mut named, mut changed) = (0, 0);
        let (mut last_but_one, mut last) = (String::new(), String::new());
        for word in text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_') {
            if word.is_empty() {
                continue;
            }
            let table = self.names.get(word).copied();
            named |= table.map_or(0, |table| 1 << table);
            // ON CONFLICT DO UPDATE SET names its table after INTO.
            let is_changed = last == "INTO"
                || last == "UPDATE" && !word.eq_ignore_ascii_case("SET")
                || last == "FROM" && last_but_one == "DELETE";
            if is_changed {
                changed |= table.map_or(EVERY, |table| self.dependent[table as usize]);
            }
            last_but_one = std::mem::replace(&mut last, word.to_ascii_uppercase());
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        // Texts are fixed, but for lengths of lists; a book of them that grows was not thought of.
        if known.len() >= MOST_ANSWERS {
            known.clear();
        }
        known.insert(text.clone(), (named, changed));
        (named, changed)
    }
}

/// A query as it is asked again: texts of the program are the same where they are in the same place, made ones where they read
/// the same. No text has to be gone through for an answer.
#[derive(Debug)]
pub(super) struct Question(pub(super) Query);

impl PartialEq for Question {
    fn eq(&self, other: &Self) -> bool {
        let is_same_text = match (&self.0.text, &other.0.text) {
            (Cow::Borrowed(one), Cow::Borrowed(other)) => std::ptr::eq(*one, *other),
            (Cow::Owned(one), Cow::Owned(other)) => one == other,
            _ => false,
        };
        is_same_text && self.0.values == other.0.values
    }
}

impl Eq for Question {}

impl Hash for Question {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match &self.0.text {
            Cow::Borrowed(text) => std::ptr::hash(*text, state),
            Cow::Owned(text) => text.hash(state),
        }
        for value in &self.0.values {
            value.hash(state);
        }
    }
}

/// The book.
#[derive(Debug)]
pub(super) struct Recall {
    schema: Schema,
    book: Mutex<Book>,
}

#[derive(Debug)]
struct Book {
    is_closed: bool,
    transactions: u64,
    /// For each table, the last transaction that may have changed it.
    changed: Vec<u64>,
    answers: HashMap<Question, Kept>,
}

#[derive(Debug)]
struct Kept {
    tables: Tables,
    /// What [`Book::transactions`] was before the rows were read.
    read_at: u64,
    /// A `Vec` of what the rows were read into.
    answer: Arc<dyn Any + Send + Sync>,
}

impl Recall {
    pub(super) fn new(schema: Schema) -> Self {
        let changed = vec![0; schema.dependent.len()];
        let book = Book { is_closed: false, transactions: 0, changed, answers: HashMap::new() };
        Self { schema, book: Mutex::new(book) }
    }

    /// The tables and what statements do to them.
    pub(super) fn schema(&self) -> &Schema {
        &self.schema
    }

    /// What a query finds, if that is known, or else the moment that [`Recall::keep`] wants to be told.
    pub(super) fn find<T: Send + Sync + 'static>(&self, question: &Question) -> Result<Arc<Vec<T>>, u64> {
        let book = self.locked();
        let kept = book.answers.get(question).filter(|kept| book.is_good(kept));
        let known = kept.and_then(|kept| Arc::clone(&kept.answer).downcast().ok());
        known.ok_or(book.transactions)
    }

    /// Keeps what a query found that was begun at `read_at`.
    pub(super) fn keep<T: Send + Sync + 'static>(
        &self,
        question: Question,
        read_at: u64,
        found: &Arc<Vec<T>>,
    ) {
        if found.is_empty() || found.len() > MOST_ROWS {
            return;
        }
        let tables = self.schema.named(&question.0.text);
        if tables == 0 {
            // It names none of the tables there were at the start, so nothing would ever say that it changed.
            return;
        }
        let kept = Kept { tables, read_at, answer: Arc::clone(found) as Arc<dyn Any + Send + Sync> };
        let mut book = self.locked();
        if !book.is_closed && book.is_good(&kept) {
            if book.answers.len() >= MOST_ANSWERS {
                book.answers.clear();
            }
            book.answers.insert(question, kept);
        }
    }

    /// A transaction may have changed these tables: after COMMIT, before any answer, and after a failure, which may have
    /// been one of the answer alone.
    pub(super) fn changed(&self, tables: Tables) {
        if tables == 0 {
            return;
        }
        let mut book = self.locked();
        book.transactions += 1;
        let now = book.transactions;
        for (table, changed) in book.changed.iter_mut().enumerate() {
            if tables & (1 << table) != 0 {
                *changed = now;
            }
        }
    }

    /// Nothing is known from now on: with the catalog closed, there is nobody whom a change would be told.
    pub(super) fn close(&self) {
        let mut book = self.locked();
        book.is_closed = true;
        book.answers = HashMap::new();
    }

    fn locked(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Book {
    fn is_good(&self, kept: &Kept) -> bool {
        let mut tables = kept.tables;
        while tables != 0 {
            let table = tables.trailing_zeros() as usize;
            if self.changed[table] > kept.read_at {
                return false;
            }
            tables &= tables - 1;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recall() -> Recall {
        let names = ["audio", "recording", "customer", "api_key", "use"].map(str::to_owned).to_vec();
        let pair = |from: &str, to: &str| (from.to_owned(), to.to_owned());
        Recall::new(Schema::new(names, &[pair("customer", "api_key"), pair("api_key", "use")]))
    }

    fn question(text: &'static str, id: i64) -> Question {
        Question(Query::new("asking", text).with(id))
    }

    /// What is known of a question about integers.
    fn known(recall: &Recall, text: &'static str, id: i64) -> Result<Vec<i64>, u64> {
        recall.find(&question(text, id)).map(|found| found.to_vec())
    }

    fn keep<const COUNT: usize>(
        recall: &Recall,
        text: &'static str,
        id: i64,
        read_at: u64,
        rows: [i64; COUNT],
    ) {
        recall.keep(question(text, id), read_at, &Arc::new(rows.to_vec()));
    }

    /// What is known after `statement` ran in a transaction: whether the row of `asked` is still good.
    #[track_caller]
    fn check(asked: &'static str, statement: &'static str, good: bool) {
        let recall = recall();
        let read_at = known(&recall, asked, 1).expect_err("nothing is known yet");
        keep(&recall, asked, 1, read_at, [7, 8]);
        assert_eq!(known(&recall, asked, 1).expect("kept"), [7, 8]);
        known(&recall, asked, 2).expect_err("another value is another question");
        recall.changed(recall.schema().changed(&statement.into()));
        assert_eq!(known(&recall, asked, 1).is_ok(), good, "{asked} after {statement}");
    }

    #[test]
    fn a_row_is_good_until_one_of_its_tables_may_have_changed() {
        let asked = "SELECT r.id FROM recording r JOIN audio a ON a.key = r.audio WHERE r.id = $1";
        check(asked, "INSERT INTO customer (id) VALUES ($1)", true);
        check(asked, "INSERT INTO customer (id, recording) VALUES ($1, $2)", true);
        check(asked, "INSERT INTO customer (id) VALUES ($1) ON CONFLICT (id) DO UPDATE SET audio = 1", true);
        check(asked, "INSERT INTO audio (key) VALUES ($1) ON CONFLICT (key) DO UPDATE SET size = 1", false);
        check(asked, "UPDATE OR IGNORE customer SET name = $1", false);
        check(asked, "SELECT id FROM recording", true);
        check(asked, "UPDATE recording SET name = $1", false);
        check(asked, "delete from audio WHERE key = $1", false);
        check(asked, "WITH old AS (SELECT id FROM customer) DELETE FROM recording", false);
        check("SELECT id FROM customer WHERE recordings = $1", "DELETE FROM recording", true);
    }

    #[test]
    fn a_deletion_reaches_the_tables_that_it_takes_along() {
        check("SELECT id FROM api_key WHERE id = $1", "DELETE FROM customer WHERE id = $1", false);
        check("SELECT id FROM use WHERE id = $1", "DELETE FROM customer WHERE id = $1", false);
        check("SELECT id FROM customer WHERE id = $1", "DELETE FROM api_key WHERE id = $1", true);
    }

    #[test]
    fn what_was_read_while_it_changed_is_not_kept() {
        let (recall, asked) = (recall(), "SELECT id FROM recording WHERE id = $1");
        let read_at = known(&recall, asked, 1).expect_err("nothing is known yet");
        recall.changed(EVERY);
        keep(&recall, asked, 1, read_at, [7]);
        known(&recall, asked, 1).expect_err("it may be of before the change");
    }

    #[test]
    fn what_is_not_there_and_long_lists_are_not_kept() {
        let (recall, asked) = (recall(), "SELECT id FROM recording WHERE id = $1");
        keep(&recall, asked, 1, 0, []);
        keep(&recall, asked, 2, 0, [1, 2, 3, 4, 5]);
        for id in [1, 2] {
            known(&recall, asked, id).expect_err("it is not kept");
        }
    }

    #[test]
    fn what_names_no_known_table_is_not_kept() {
        let (recall, asked) = (recall(), "SELECT name FROM later WHERE id = $1");
        keep(&recall, asked, 1, 0, [7]);
        known(&recall, asked, 1).expect_err("nothing would ever say that it changed");
    }

    #[test]
    fn nothing_is_known_once_it_is_closed() {
        let (recall, asked) = (recall(), "SELECT id FROM recording WHERE id = $1");
        keep(&recall, asked, 1, 0, [7]);
        recall.close();
        known(&recall, asked, 1).expect_err("it was forgotten");
        // It was read before.
        keep(&recall, asked, 1, 0, [7]);
        known(&recall, asked, 1).expect_err("it is not kept");
    }

    #[test]
    fn a_question_is_its_text_with_its_values() {
        let text = "SELECT id FROM recording WHERE id = $1";
        let made = |text: &str, id: i64| Question(Query::new("asking", text.to_owned()).with(id));
        let check = |one: Question, other: Question, same: bool| {
            let recall = recall();
            let told = format!("{one:?} and {other:?}");
            recall.keep(one, 0, &Arc::new(vec![7]));
            assert_eq!(recall.find::<i32>(&other).is_ok(), same, "{told}");
        };
        check(question(text, 1), question(text, 1), true);
        check(question(text, 1), question("SELECT id FROM audio WHERE id = $1", 1), false);
        // A part of a text is in the same place.
        check(question(text, 1), question(&text[..text.len() - 1], 1), false);
        check(made(text, 1), made(text, 1), true);
        check(made(text, 1), made(text, 2), false);
        check(made(text, 1), made("SELECT id FROM audio WHERE id = $1", 1), false);
    }

    #[test]
    fn what_was_read_into_something_else_is_not_known() {
        let (recall, asked) = (recall(), "SELECT id FROM recording WHERE id = $1");
        keep(&recall, asked, 1, 0, [7]);
        recall.find::<String>(&question(asked, 1)).expect_err("it is an integer");
        assert_eq!(known(&recall, asked, 1), Ok(vec![7]));
    }

    #[test]
    fn the_book_does_not_grow_for_ever() {
        let (recall, asked) = (recall(), "SELECT id FROM recording WHERE id = $1");
        for id in 0..3 * MOST_ANSWERS as i64 {
            keep(&recall, asked, id, 0, [id]);
        }
        assert!(recall.locked().answers.len() <= MOST_ANSWERS);
    }
}
