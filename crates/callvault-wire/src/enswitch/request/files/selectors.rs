//! What names a file in each family.

use crate::enswitch::request::Arguments;
use crate::enswitch::schema::members::Members;
use crate::enswitch::schema::values::{Filled, Level, words};
use crate::enswitch::schema::{Input, Presence, Rows, field, input, row, wire_name};

words! {
    /// A file of a feature code or a number.
    CodeFile: r#""message" or "screen""# {
        /// The message that is played.
        Message = "message",
        /// What is played to screen a call.
        Screen = "screen",
    }

    /// A prompt of a pattern menu.
    MenuPrompt: r#""digits", "invalid" or "goodbye""# {
        /// Asks for digits.
        Digits = "digits",
        /// The digits were not right.
        Invalid = "invalid",
        /// The call ends.
        Goodbye = "goodbye",
    }

    /// A greeting of a mailbox.
    Greeting: r#""busy", "greet", "temp" or "unavail""# {
        /// The line is busy.
        Busy = "busy",
        /// The spoken name of the mailbox.
        Name = "greet",
        /// A temporary greeting, before all others.
        Temporary = "temp",
        /// Nobody answers.
        Unavailable = "unavail",
    }

    /// A prompt of a group of calling cards.
    CardPrompt: r#""balance", "connecting", "destination", "dest-invalid", "expired", "goodbye", "in-use", "locked", "no-credit" or "no-permission-to-dial-number""# {
        /// Tells the balance.
        Balance = "balance",
        /// The call is put through.
        Connecting = "connecting",
        /// Asks for the destination.
        Destination = "destination",
        /// The destination is not valid.
        DestinationInvalid = "dest-invalid",
        /// The card has expired.
        Expired = "expired",
        /// The call ends.
        Goodbye = "goodbye",
        /// The card is in use.
        InUse = "in-use",
        /// The card is locked.
        Locked = "locked",
        /// The card has no credit.
        NoCredit = "no-credit",
        /// The card may not call the number.
        NoPermission = "no-permission-to-dial-number",
    }

    /// A prompt of an unlimited access account.
    UnlimitedFile: r#""connecting", "destination", "invalid", "timeout" or "welcome""# {
        /// The call is put through.
        Connecting = "connecting",
        /// Asks for the destination.
        Destination = "destination",
        /// The destination is not valid.
        Invalid = "invalid",
        /// Nothing was dialled in time.
        Timeout = "timeout",
        /// The welcome.
        Welcome = "welcome",
    }
}

/// A level of a hunt group; `id` is not known here as another name of `huntgroup`, unlike in
/// `huntgroups/levels`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The hunt group's id; any integer, known or not.
    pub huntgroup: i64,
    /// The level, 1 to 10.
    pub level: u8,
}

impl Input for Place {
    const ROWS: &'static [Rows] =
        &[row::<i64>("huntgroup", Presence::Required), row::<Level>("level", Presence::Required)];

    fn read(arguments: &mut Arguments<'_>) -> Option<Self> {
        let huntgroup = arguments.required("huntgroup");
        let level = arguments.required::<Level>("level");
        Some(Self { huntgroup: huntgroup?, level: level?.get() })
    }

    fn write(&self, members: &mut Members) {
        members.number("huntgroup", self.huntgroup);
        members.number("level", self.level.into());
    }
}

input! {
    /// The file of a library sound.
    set Sound {
        /// The sound's id.
        sound: i64 = required,
    }
}

input! {
    /// The message of a queue.
    set Queue {
        /// The queue's id.
        queue: i64 = required,
    }
}

input! {
    /// The message of a time group.
    set Timegroup {
        /// The time group's id.
        timegroup: i64 = required,
    }
}

input! {
    /// The file of a campaign of calls.
    set Campaign {
        /// The campaign's id.
        campaign: i64 = required,
    }
}

input! {
    /// A file of a feature code.
    set Code {
        /// The code as it is dialled.
        code: Filled = required,
        /// Which of its files.
        file: CodeFile = required,
    }
}

input! {
    /// A file of a number.
    set Number {
        /// The number.
        number: Filled = required,
        /// Which of its files.
        file: CodeFile = required,
    }
}

input! {
    /// A prompt of a pattern menu.
    set MenuFile {
        /// The menu's id.
        patternmenu: i64 = required,
        /// Which prompt.
        file: MenuPrompt = required,
    }
}

input! {
    /// A piece of a music class.
    set Music {
        /// The class's id.
        music: i64 = required,
        /// Which piece, 1 to 10.
        file: Level = required,
    }
}

input! {
    /// A greeting of a mailbox.
    set Mailbox {
        /// The mailbox.
        mailbox: Filled = required,
        /// Which greeting.
        file: Greeting = required,
    }
}

input! {
    /// A prompt of a group of calling cards.
    set CardFile {
        /// The group's id.
        cardgroup: i64 = required,
        /// Which prompt.
        file: CardPrompt = required,
    }
}

input! {
    /// A prompt of an unlimited access account.
    set Unlimited {
        /// The account's id.
        unlimited: i64 = required,
        /// Which prompt.
        file: UnlimitedFile = required,
    }
}
