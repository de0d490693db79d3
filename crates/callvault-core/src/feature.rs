//! Features: what has files besides the levels of hunt groups, such as queues, mailboxes and numbers; and prompts, which are
//! these files.
//!
//! What sets one kind of feature apart from another is in one table: everything else is the same for
//! all. A kind comes with the family of functions of the Enswitch dialect that is about its files (`docs/enswitch.md`, Features).

use std::fmt;

use crate::audio::StoredAudio;
use crate::id::{CustomerId, FeatureId, PersonId};
use crate::role::Privilege;
use crate::time::Timestamp;

/// A kind of feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FeatureKind {
    /// A queue of callers.
    Queue,
    /// A group of opening times.
    TimeGroup,
    /// A campaign of calls.
    Campaign,
    /// A feature code, selected as it is dialled.
    Code,
    /// A telephone number.
    Number,
    /// A menu that is steered by digits.
    PatternMenu,
    /// A class of music on hold.
    Music,
    /// A mailbox.
    Mailbox,
    /// A group of calling cards.
    CardGroup,
    /// An unlimited access account.
    Unlimited,
}

/// What sets a kind apart.
struct Facts {
    word: &'static str,
    called: &'static str,
    is_numbered: bool,
    files: &'static [&'static str],
    viewers: &'static [Privilege],
    changers: &'static [Privilege],
}

/// The word of the only file of a kind whose file the dialect does not name.
const ONLY: &[&str] = &["main"];

impl FeatureKind {
    /// Every kind.
    pub const ALL: [Self; 10] = [
        Self::Queue,
        Self::TimeGroup,
        Self::Campaign,
        Self::Code,
        Self::Number,
        Self::PatternMenu,
        Self::Music,
        Self::Mailbox,
        Self::CardGroup,
        Self::Unlimited,
    ];

    /// The table of kinds. Words, files and privileges are those of the vendor's pages, as `docs/enswitch.md` has them.
    fn facts(self) -> &'static Facts {
        use Privilege::{Administrator, Cards, Commerce, Residential, User, Wholesale};
        macro_rules! facts {
            ($word:literal $called:literal $is_numbered:literal $files:expr, $viewers:expr, $changers:expr) => {
                &Facts {
                    word: $word,
                    called: $called,
                    is_numbered: $is_numbered,
                    files: $files,
                    viewers: &$viewers,
                    changers: &$changers,
                }
            };
        }
        match self {
            Self::Queue => facts!("queue" "queue" false ONLY, [User], [User]),
            Self::TimeGroup => facts!("timegroup" "time group" false ONLY, [Administrator], [Administrator]),
            Self::Campaign => facts!("campaign" "campaign" false ONLY, [User], [User]),
            Self::Code => facts!(
                "code" "feature code" true &["message", "screen"],
                [Administrator, User, Wholesale], [Administrator, User]
            ),
            Self::Number => facts!(
                "number" "number" true &["message", "screen"],
                [Administrator, User, Wholesale], [Administrator, User]
            ),
            Self::PatternMenu => facts!(
                "patternmenu" "pattern menu" false &["digits", "invalid", "goodbye"],
                [User], [User]
            ),
            Self::Music => facts!(
                "music" "music class" false &["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"],
                [Administrator, User, Wholesale], [Administrator, User]
            ),
            Self::Mailbox => facts!(
                "mailbox" "mailbox" true &["busy", "greet", "temp", "unavail"],
                [Administrator, Residential, User], [Administrator, Residential, User]
            ),
            Self::CardGroup => facts!(
                "cardgroup" "card group" false
                &["balance", "connecting", "destination", "dest-invalid", "expired", "goodbye", "in-use", "locked",
                    "no-credit", "no-permission-to-dial-number"],
                [Cards], [Cards]
            ),
            Self::Unlimited => facts!(
                "unlimited" "unlimited access account" false
                &["connecting", "destination", "invalid", "timeout", "welcome"],
                [Commerce], [Commerce]
            ),
        }
    }

    /// Its word, that of the parameter which selects it in the dialect.
    pub fn as_str(self) -> &'static str {
        self.facts().word
    }

    /// The inverse of [`FeatureKind::as_str`].
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// What people call it.
    pub fn called(self) -> &'static str {
        self.facts().called
    }

    /// Whether one is selected by its [`Feature::number`] and not by its id.
    pub fn is_numbered(self) -> bool {
        self.facts().is_numbered
    }

    /// The files that one may have; `main` alone where there is one and the dialect has no word for it.
    pub fn files(self) -> impl Iterator<Item = PromptFile> {
        self.facts().files.iter().map(|word| PromptFile(word))
    }

    /// The file with this word.
    pub fn file(self, word: &str) -> Option<PromptFile> {
        self.files().find(|file| file.as_str() == word)
    }

    /// Whether there is but one file, without a word of its own.
    pub fn has_one_file(self) -> bool {
        self.facts().files == ONLY
    }

    /// The privileges of which one is needed to see one, and to fetch its files.
    pub fn viewers(self) -> &'static [Privilege] {
        self.facts().viewers
    }

    /// The privileges of which one is needed to put and remove its files.
    pub fn changers(self) -> &'static [Privilege] {
        self.facts().changers
    }
}

impl fmt::Display for FeatureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One feature: ids count within a kind, as on the phone system, so that a queue and a music class may have the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FeatureKey {
    /// Its kind.
    pub kind: FeatureKind,
    /// Its number among those of its kind.
    pub id: FeatureId,
}

impl fmt::Display for FeatureKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.id)
    }
}

/// A feature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feature {
    /// Which it is.
    pub key: FeatureKey,
    /// Where it belongs.
    pub customer: CustomerId,
    /// What it is selected by, 1 to 100 characters, unique in its customer and kind; of numbered kinds alone.
    pub number: Option<String>,
    /// Its name, 1 to 100 characters.
    pub name: String,
    /// The person whose it is; viewing is open to the customer's users when there is none.
    pub owner: Option<PersonId>,
    /// Whether it belongs to the phone system itself, as some music classes do: such a one has no files here.
    pub is_system: bool,
    /// When it was added.
    pub created_at: Timestamp,
}

impl Feature {
    /// The name of a file that came without one, such as `queue-7.wav` or `code-100-file-message.wav` (`docs/enswitch.md` 57).
    pub fn file_name(&self, file: PromptFile) -> String {
        let FeatureKey { kind, id } = self.key;
        let selector = self.number.clone().unwrap_or_else(|| id.to_string());
        if kind.has_one_file() {
            format!("{kind}-{selector}.wav")
        } else {
            format!("{kind}-{selector}-file-{file}.wav")
        }
    }
}

/// A feature to add.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFeature {
    /// See [`FeatureKey::kind`].
    pub kind: FeatureKind,
    /// A number of one's own; the next free one of the kind otherwise.
    pub id: Option<FeatureId>,
    /// See [`Feature::customer`].
    pub customer: CustomerId,
    /// See [`Feature::number`].
    pub number: Option<String>,
    /// See [`Feature::name`].
    pub name: String,
    /// See [`Feature::owner`].
    pub owner: Option<PersonId>,
    /// See [`Feature::is_system`].
    pub is_system: bool,
    /// See [`Feature::created_at`].
    pub created_at: Timestamp,
}

/// What may change about a feature; `None` keeps.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FeatureChange {
    /// See [`Feature::name`].
    pub name: Option<String>,
    /// See [`Feature::number`].
    pub number: Option<String>,
    /// `Some(None)` takes the owner away.
    pub owner: Option<Option<PersonId>>,
}

/// One of the files that a kind of feature may have. Only [`FeatureKind`] makes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PromptFile(&'static str);

impl PromptFile {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for PromptFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// A file of a feature. There is one at a time, and no older versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// The feature.
    pub feature: FeatureKey,
    /// Which of its files.
    pub file: PromptFile,
    /// The file name under which it is handed out.
    pub name: String,
    /// Who put it there; `None` is the local system owner.
    pub put_by: Option<PersonId>,
    /// When it was put there.
    pub created_at: Timestamp,
    /// Its bytes; an object of its own, or one that a sound has too.
    pub audio: StoredAudio,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_back() {
        for kind in FeatureKind::ALL {
            assert_eq!(FeatureKind::parse(kind.as_str()), Some(kind));
            for file in kind.files() {
                assert_eq!(kind.file(file.as_str()), Some(file), "{kind}");
            }
            assert!(kind.file("").is_none() && kind.file("nothing").is_none(), "{kind}");
        }
        assert_eq!(FeatureKind::parse("huntgroup"), None);
    }

    #[test]
    fn kinds_do_not_share_files() {
        let check = |kind: FeatureKind, word: &str, there: bool| {
            assert_eq!(kind.file(word).is_some(), there, "{kind} {word}");
        };
        check(FeatureKind::Queue, "main", true);
        check(FeatureKind::Queue, "message", false);
        check(FeatureKind::Code, "screen", true);
        check(FeatureKind::Code, "main", false);
        check(FeatureKind::Music, "1", true);
        check(FeatureKind::Music, "10", true);
        check(FeatureKind::Music, "11", false);
        check(FeatureKind::Music, "01", false);
        check(FeatureKind::Mailbox, "greet", true);
        check(FeatureKind::Mailbox, "GREET", false);
        check(FeatureKind::CardGroup, "no-permission-to-dial-number", true);
        check(FeatureKind::Unlimited, "welcome", true);
    }

    #[test]
    fn a_file_without_a_name_is_called_after_its_selectors() {
        let check = |kind: FeatureKind, number: Option<&str>, word: &str, name: &str| {
            let feature = Feature {
                key: FeatureKey { kind, id: FeatureId(7) },
                customer: CustomerId(1),
                number: number.map(str::to_owned),
                name: "Any".to_owned(),
                owner: None,
                is_system: false,
                created_at: Timestamp::from_unix_ms(0),
            };
            assert_eq!(feature.file_name(kind.file(word).unwrap()), name);
        };
        check(FeatureKind::Queue, None, "main", "queue-7.wav");
        check(FeatureKind::Code, Some("100"), "message", "code-100-file-message.wav");
        check(FeatureKind::Music, None, "10", "music-7-file-10.wav");
    }
}
