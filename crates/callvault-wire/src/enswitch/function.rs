//! Every function of the API that Callvault serves, in one table.
//!
//! A row of the table says all that sets a function apart: its path, the role privileges of which any one
//! opens it, what it takes, what is missing when it answers 404, and the codes of its page. The parameters, with types, defaults and order, are declared with the type that a call
//! carries, in [`crate::enswitch::request`]. From the table come [`Function`], [`Call`] and the reading of
//! one from the other.

use crate::enswitch::error::{Code, Failure, Fault};
use crate::enswitch::parameters::Parameters;
use crate::enswitch::request::recording::{calls, groups, recordings};
use crate::enswitch::request::{
    Arguments, customers, files, hunt_groups, huntgroup_files, people, sounds, user,
};
use crate::enswitch::schema::members::Members;
use crate::enswitch::schema::{InCustomer, Input, Kind, Nothing, Parameter, Rows};
use callvault_core::file_name::{file_name, wave_name};
use hunt_groups::{destinations, levels};

/// What sets a function apart.
struct Entry {
    path: &'static str,
    privileges: &'static [&'static str],
    rows: &'static [Rows],
    no_such: Option<Failure>,
    no_file: Option<Failure>,
    codes: &'static [Code],
}

/// The failures of a function whose object, and whose object's file, are not there (`docs/enswitch.md` 15).
macro_rules! missing {
    (object) => {
        None
    };
    (object $key:literal $what:literal $($file:literal)?) => {
        Some(Failure::NoSuch {
            key: $key,
            message: concat!("No such ", $what, ", or you do not have permission to view it."),
        })
    };
    (file $key:literal $what:literal $file:literal) => {
        Some(Failure::NoFile { key: $file, message: concat!("No file for this ", $what, ".") })
    };
    (file $($key:literal $what:literal)?) => {
        None
    };
}

macro_rules! functions {
    ($($variant:ident $path:literal [$($privilege:ident)*] $input:ty, ($($missing:literal)*) [$($code:literal)*];)*) => {
        /// A function of the API.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Function {
            $(#[doc = concat!("`", $path, "`")] $variant,)*
        }

        static FUNCTIONS: &[(Function, Entry)] = &[
            $((Function::$variant, Entry {
                path: $path,
                privileges: &[$(stringify!($privilege)),*],
                rows: <$input as Input>::ROWS,
                no_such: missing!(object $($missing)*),
                no_file: missing!(file $($missing)*),
                codes: &[$(Code::of($code)),*],
            }),)*
        ];

        /// A call whose parameters are in order.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Call {
            $(#[doc = concat!("`", $path, "`")] $variant($input),)*
        }

        impl Call {
            /// The call that `parameters` make of their function.
            ///
            /// # Errors
            /// At least one fault, in the order of the function's table: code 400.
            pub fn from_parameters(parameters: &Parameters) -> Result<Self, Vec<Fault>> {
                match parameters.function() {
                    $(Function::$variant => Arguments::read(parameters).map(Self::$variant),)*
                }
            }

            /// The function called.
            pub fn function(&self) -> Function {
                match self {
                    $(Self::$variant(_) => Function::$variant,)*
                }
            }

            fn write(&self, members: &mut Members) {
                match self {
                    $(Self::$variant(input) => input.write(members),)*
                }
            }

            fn file_selectors(&self) -> Option<Members> {
                match self {
                    $(Self::$variant(input) => input.file_selectors(),)*
                }
            }
        }
    };
}

functions! {
    // the path | the privileges, of which any one will do | the parameters | at 404: the key, what is
    // missing, and for a file its key | the codes of the page
    HuntgroupsCreate "huntgroups/create" [administrator]
        hunt_groups::Create, () [200 201 400 401 402 403];
    HuntgroupsGet "huntgroups/get" [residential user wholesale]
        hunt_groups::ById, ("id" "hunt group") [200 401 402 404];
    HuntgroupsUpdate "huntgroups/update" [residential user]
        hunt_groups::Update, ("id" "hunt group") [201 204 400 401 402 403 404];
    HuntgroupsList "huntgroups/list" [residential user wholesale]
        InCustomer, () [200 400 401 402];
    HuntgroupsDelete "huntgroups/delete" [administrator]
        hunt_groups::ById, ("id" "hunt group") [204 401 402 404];
    HuntgroupsLevelsGet "huntgroups/levels/get" [user]
        levels::Get, ("huntgroup" "hunt group") [200 401 402 404];
    HuntgroupsLevelsSet "huntgroups/levels/set" [residential user]
        levels::Set, ("huntgroup" "hunt group") [201 204 400 401 402 403 404];
    HuntgroupsDestinationsCreate "huntgroups/destinations/create" [residential user]
        destinations::Create, ("huntgroup" "hunt group") [200 201 400 401 402 403 404];
    HuntgroupsDestinationsGet "huntgroups/destinations/get" [user]
        destinations::Get, ("id" "hunt group destination") [200 401 402 404];
    HuntgroupsDestinationsList "huntgroups/destinations/list" [residential user]
        destinations::List, ("huntgroup" "hunt group") [200 401 402 404];
    HuntgroupsDestinationsUpdate "huntgroups/destinations/update" [residential user]
        destinations::Update, ("id" "hunt group destination") [201 204 400 401 402 403 404];
    HuntgroupsDestinationsDelete "huntgroups/destinations/delete" [residential user]
        destinations::Delete, ("id" "hunt group destination") [204 401 402 404];
    HuntgroupsFilesDownload "huntgroups/files/download" [residential user]
        huntgroup_files::DownloadCall, ("huntgroup" "hunt group") [200 400 401 402 404 500];
    HuntgroupsFilesUpload "huntgroups/files/upload" [residential user]
        huntgroup_files::UploadCall, ("huntgroup" "hunt group") [204 400 401 402 403 404];
    HuntgroupsFilesDelete "huntgroups/files/delete" [residential user]
        huntgroup_files::DeleteCall, ("huntgroup" "hunt group") [204 400 401 402 404];

    SoundsCreate "sounds/create" [administrator]
        sounds::Create, () [200 201 400 401 402 403];
    SoundsGet "sounds/get" [sounds user]
        sounds::ById, ("id" "sound") [200 401 402 404];
    SoundsUpdate "sounds/update" [administrator]
        sounds::Update, ("id" "sound") [201 204 400 401 402 403 404];
    SoundsList "sounds/list" [sounds user]
        InCustomer, () [200 400 401 402];
    SoundsDelete "sounds/delete" [administrator]
        sounds::ById, ("id" "sound") [204 401 402 404];
    SoundsFilesDownload "sounds/files/download" [sounds]
        files::Download<files::Sound>, ("sound" "sound" "sound") [200 401 402 404];
    SoundsFilesUpload "sounds/files/upload" [sounds user]
        files::Upload<files::Sound, files::Data>, ("sound" "sound" "sound") [204 401 402 403 404];
    SoundsFilesDelete "sounds/files/delete" [sounds user]
        files::Delete<files::Sound>, ("sound" "sound" "sound") [204 401 402 404];

    QueuesFilesDownload "queues/files/download" [user]
        files::Download<files::Queue>, ("queue" "queue" "queue") [200 401 402 404];
    QueuesFilesUpload "queues/files/upload" [user]
        files::Upload<files::Queue>, ("queue" "queue" "queue") [204 401 402 403 404];
    QueuesFilesDelete "queues/files/delete" [user]
        files::Delete<files::Queue>, ("queue" "queue" "queue") [204 401 402 404];
    TimegroupsFilesDownload "timegroups/files/download" [administrator]
        files::Download<files::Timegroup>, ("timegroup" "time group" "timegroup") [200 401 402 404];
    TimegroupsFilesUpload "timegroups/files/upload" [administrator]
        files::Upload<files::Timegroup>, ("timegroup" "time group" "timegroup") [204 401 402 403 404];
    TimegroupsFilesDelete "timegroups/files/delete" [administrator]
        files::Delete<files::Timegroup>, ("timegroup" "time group" "timegroup") [204 401 402 404];
    BulkFilesDownload "bulk/files/download" [user]
        files::Download<files::Campaign>, ("campaign" "campaign" "campaign") [200 401 402 404];
    BulkFilesUpload "bulk/files/upload" [user]
        files::Upload<files::Campaign>, ("campaign" "campaign" "campaign") [204 401 402 403 404];
    BulkFilesDelete "bulk/files/delete" [user]
        files::Delete<files::Campaign>, ("campaign" "campaign" "campaign") [204 401 402 404];
    CodesFilesDownload "codes/files/download" [administrator user wholesale]
        files::Download<files::Code, InCustomer>, ("code" "feature code" "file") [200 400 401 402 404 500];
    CodesFilesUpload "codes/files/upload" [administrator user]
        files::Upload<files::Code, files::Source, InCustomer>, ("code" "feature code" "file") [204 400 401 402 403 404];
    CodesFilesDelete "codes/files/delete" [administrator user]
        files::Delete<files::Code, InCustomer>, ("code" "feature code" "file") [204 400 401 402 404];
    NumbersFilesDownload "numbers/files/download" [administrator user wholesale]
        files::Download<files::Number>, ("number" "number" "file") [200 400 401 402 404 500];
    NumbersFilesUpload "numbers/files/upload" [administrator user]
        files::Upload<files::Number>, ("number" "number" "file") [204 400 401 402 403 404];
    NumbersFilesDelete "numbers/files/delete" [administrator user]
        files::Delete<files::Number>, ("number" "number" "file") [204 400 401 402 404];
    PatternmenusFilesDownload "patternmenus/files/download" [user]
        files::Download<files::MenuFile>, ("patternmenu" "pattern menu" "file") [200 400 401 402 404 500];
    PatternmenusFilesUpload "patternmenus/files/upload" [user]
        files::Upload<files::MenuFile>, ("patternmenu" "pattern menu" "file") [204 400 401 402 403 404];
    PatternmenusFilesDelete "patternmenus/files/delete" [user]
        files::Delete<files::MenuFile>, ("patternmenu" "pattern menu" "file") [204 400 401 402 404];
    MusicFilesDownload "music/files/download" [administrator user wholesale]
        files::Download<files::Music>, ("music" "music class" "file") [200 400 401 402 404 500];
    MusicFilesUpload "music/files/upload" [administrator user]
        files::Upload<files::Music>, ("music" "music class" "file") [204 400 401 402 403 404];
    MusicFilesDelete "music/files/delete" [administrator user]
        files::Delete<files::Music>, ("music" "music class" "file") [204 400 401 402 404];
    MailboxesFilesDownload "mailboxes/files/download" [administrator residential user]
        files::Download<files::Mailbox, InCustomer>, ("mailbox" "mailbox" "file") [200 400 401 402 404 500];
    MailboxesFilesUpload "mailboxes/files/upload" [administrator residential user]
        files::Upload<files::Mailbox, files::Source, InCustomer>, ("mailbox" "mailbox" "file") [204 400 401 402 403 404];
    MailboxesFilesDelete "mailboxes/files/delete" [administrator residential user]
        files::Delete<files::Mailbox, InCustomer>, ("mailbox" "mailbox" "file") [204 400 401 402 404];
    CardsFilesDownload "cards/files/download" [cards]
        files::Download<files::CardFile>, ("cardgroup" "card group" "file") [200 400 401 402 404 500];
    CardsFilesUpload "cards/files/upload" [cards]
        files::Upload<files::CardFile>, ("cardgroup" "card group" "file") [204 400 401 402 403 404];
    CardsFilesDelete "cards/files/delete" [cards]
        files::Delete<files::CardFile>, ("cardgroup" "card group" "file") [204 400 401 402 404];
    UnlimitedFilesDownload "unlimited/files/download" [commerce]
        files::Download<files::Unlimited>, ("unlimited" "unlimited access account" "file") [200 400 401 402 404 500];
    UnlimitedFilesUpload "unlimited/files/upload" [commerce]
        files::Upload<files::Unlimited>, ("unlimited" "unlimited access account" "file") [204 400 401 402 404];
    UnlimitedFilesDelete "unlimited/files/delete" [commerce]
        files::Delete<files::Unlimited>, ("unlimited" "unlimited access account" "file") [204 400 401 402 404];

    RecordingRecordingsList "recording/recordings/list" [record]
        recordings::List, () [200 400 401 402];
    RecordingRecordingsGet "recording/recordings/get" [record]
        recordings::Get, ("recordid" "call recording") [200 400 401 402 404];
    RecordingRecordingsCopy "recording/recordings/copy" [record]
        recordings::Copy, ("recordid" "call recording") [204 400 401 402 404];
    RecordingRecordingsUpdate "recording/recordings/update" [record]
        recordings::Update, ("recordid" "call recording") [201 204 400 401 402 404];
    RecordingRecordingsDelete "recording/recordings/delete" [record]
        recordings::Which, ("recordid" "call recording") [204 400 401 402 404];
    RecordingGroupsCreate "recording/groups/create" [administrator]
        groups::Create, () [200 201 400 401 402 403];
    RecordingGroupsGet "recording/groups/get" [record]
        groups::ById, ("id" "record group") [200 401 402 404];
    RecordingGroupsUpdate "recording/groups/update" [record]
        groups::Update, ("id" "record group") [201 204 400 401 402 403 404];
    RecordingGroupsList "recording/groups/list" [record]
        InCustomer, () [200 400 401 402];
    RecordingGroupsDelete "recording/groups/delete" [administrator]
        groups::ById, ("id" "record group") [204 401 402 404];
    CdrsList "cdrs/list" [callshop cdrs]
        calls::List, () [200 400 401 402];

    UserLogin "user/login" [user]
        user::Login, () [200 202 401 402];
    UserSwitch "user/switch" [administrator]
        user::Switch, ("id" "person") [200 400 401 402 404];
    PeopleList "people/list" [user]
        people::List, () [200 400 401 402];
    PeopleGet "people/get" [user]
        people::Get, ("id" "person") [200 400 401 402 404 409];
    PeopleCreate "people/create" [administrator wholesale]
        people::Create, () [200 201 400 401 402 403];
    PeopleUpdate "people/update" [user wholesale]
        people::Update, ("id" "person") [201 204 400 401 402 403 404];
    PeopleDelete "people/delete" [administrator wholesale]
        people::Delete, ("id" "person") [204 400 401 402 404];
    RolesList "roles/list" [user]
        Nothing, () [200 401 402];
    CustomersList "customers/list" [administrator]
        InCustomer, () [200 400 401 402];
    CustomersGet "customers/get" [administrator]
        customers::ById, ("id" "customer") [200 401 402 404];
    CustomersCreate "customers/create" [administrator]
        customers::Create, () [200 201 400 401 402 403];
    CustomersUpdate "customers/update" [administrator]
        customers::Update, ("id" "customer") [201 204 400 401 402 403 404];
    CustomersDelete "customers/delete" [administrator]
        customers::ById, ("id" "customer") [204 401 402 404];
}

impl Function {
    /// Every function, served or not, in the order of the documentation.
    pub fn all() -> impl Iterator<Item = Self> {
        FUNCTIONS.iter().map(|(function, _)| *function)
    }

    /// The function whose path behind the prefix has these segments.
    pub(in crate::enswitch) fn of_segments<'a>(parts: impl Iterator<Item = &'a str>) -> Option<Self> {
        let path = parts.collect::<Vec<_>>().join("/");
        let found = FUNCTIONS.iter().find(|(_, entry)| entry.path == path);
        found.map(|(function, _)| *function)
    }

    /// The path behind the prefix, without slashes at its ends, such as `huntgroups/files/download`.
    pub fn path(self) -> &'static str {
        self.entry().path
    }

    /// The role privileges of which any one opens this function; without one of them the answer is code 402.
    pub fn privileges(self) -> &'static [&'static str] {
        self.entry().privileges
    }

    /// The parameters in the order of the function's page, without the credentials.
    pub fn parameters(self) -> Vec<&'static Parameter> {
        let mut parameters = Vec::new();
        Rows::visit(self.entry().rows, &mut |parameter| parameters.push(parameter));
        parameters
    }

    /// The parameter called `name`.
    pub fn parameter(self, name: &[u8]) -> Option<&'static Parameter> {
        Rows::find(self.entry().rows, name)
    }

    /// Whether there is a parameter called `name`.
    pub fn knows(self, name: &str) -> bool {
        self.parameter(name.as_bytes()).is_some()
    }

    /// Whether a file can be sent along.
    pub fn takes_file(self) -> bool {
        self.parameters().iter().any(|parameter| parameter.kind == Kind::Base64)
    }

    /// The codes on the function's page. Every function may also answer 400, if it has parameters, and 500
    /// (`docs/enswitch.md` 43).
    pub fn codes(self) -> &'static [Code] {
        self.entry().codes
    }

    /// The failure where the object that the call names is absent or not visible; `None` where it names none.
    pub fn no_such(self) -> Option<Failure> {
        self.entry().no_such.clone()
    }

    /// The failure where the object is there, but not its file; `None` where the function is not about files,
    /// and of hunt groups' files, where it is [`Failure::NoMessage`].
    pub fn no_file(self) -> Option<Failure> {
        self.entry().no_file.clone()
    }

    fn entry(self) -> &'static Entry {
        &FUNCTIONS[self as usize].1
    }
}

impl Call {
    /// The parameters as they were understood, as a JSON object: what was neither given nor has a default is
    /// left out, secrets are masked, a file is the number of its bytes. For logs, and for tests.
    pub fn shown(&self) -> String {
        let mut members = Members::default();
        self.write(&mut members);
        members.object()
    }

    /// The name of an upload's file: the client's own, where it gave one that leaves something, or else one
    /// made of the selectors, such as `queue-7.wav` (`docs/enswitch.md` 25 and 57). `None` of calls that upload
    /// nothing.
    pub fn upload_name(&self, client_name: Option<&str>) -> Option<String> {
        let selectors = self.file_selectors()?;
        let words: Vec<&str> = selectors.pairs().flat_map(|(name, json)| [name, json]).collect();
        let given = wave_name(&words.join("-"), "audio.wav");
        Some(file_name(client_name.unwrap_or_default(), &given))
    }
}

#[cfg(test)]
mod tests;
