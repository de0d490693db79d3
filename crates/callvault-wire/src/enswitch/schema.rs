//! How a function's parameters are declared: once, with their names, types, defaults and order.
//!
//! One declaration through `input!` is the typed value that a call carries, the rows of the function's
//! table, the reader that judges what the client sent, and the writer that shows it again. Promises: the
//! order of the declaration is the order of faults (`docs/enswitch.md` 14); a value that was read is within
//! its bounds.

pub mod exit;
pub mod members;
pub mod values;

use crate::enswitch::request::Arguments;
use members::{Members, Scalar};

/// A row of a function's parameter table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// The name, case-sensitive.
    pub name: &'static str,
    /// The type as the vendor prints it.
    pub kind: Kind,
    /// What a value must be, to be read behind "must be".
    pub allowed: &'static str,
    /// Whether it must be given, and what holds if it is not.
    pub presence: Presence,
}

/// The type of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Optional sign and digits.
    Integer,
    /// Any UTF-8.
    Text,
    /// Text that no log and no error may show.
    Secret,
    /// A file; may be megabytes, and is streamed when it comes in a body.
    Base64,
}

/// What holds where a parameter is not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Code 400.
    Required,
    /// Code 400, unless another parameter, which this names, stands in for it.
    Unless(&'static str),
    /// This value, as if it had been sent.
    Default(&'static str),
    /// What this says; no value that could be sent says the same.
    Otherwise(&'static str),
    /// The current value.
    Keep,
}

/// The parameters of a function or of a part of one, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// A single parameter.
    One(Parameter),
    /// Those of a part.
    Group(&'static [Rows]),
}

impl Rows {
    /// Calls `each` with every parameter, in order.
    pub(in crate::enswitch) fn visit(rows: &'static [Self], each: &mut dyn FnMut(&'static Parameter)) {
        for row in rows {
            match row {
                Self::One(parameter) => each(parameter),
                Self::Group(rows) => Self::visit(rows, each),
            }
        }
    }

    /// The first parameter called `name`.
    pub(in crate::enswitch) fn find(rows: &'static [Self], name: &[u8]) -> Option<&'static Parameter> {
        rows.iter().find_map(|row| match row {
            Self::One(parameter) => (parameter.name.as_bytes() == name).then_some(parameter),
            Self::Group(rows) => Self::find(rows, name),
        })
    }
}

/// The row of a parameter of type `T`.
pub(in crate::enswitch) const fn row<T: Value>(name: &'static str, presence: Presence) -> Rows {
    Rows::One(Parameter { name, kind: T::KIND, allowed: T::ALLOWED, presence })
}

/// The type of one parameter's value.
pub(in crate::enswitch) trait Value: Sized {
    /// The type as the vendor prints it.
    const KIND: Kind;
    /// What a value must be, to be read behind "must be".
    const ALLOWED: &'static str;
    /// The same, for a value that is missing.
    const REQUIRED: &'static str = Self::ALLOWED;
    /// Whether the empty text is a value; otherwise it counts as absent (`docs/enswitch.md` 12 and 42).
    const EMPTY_IS_A_VALUE: bool = false;

    /// The value in `text`, or what it must be. Empty text comes only where it is a value.
    fn parse(text: &str) -> Result<Self, &'static str>;

    /// The value as an answer or a log shows it; secrets are masked.
    fn scalar(&self) -> Scalar;
}

/// What a function takes, or a part of that.
pub(in crate::enswitch) trait Input: Sized {
    /// Its parameters in the order of the function's page.
    const ROWS: &'static [Rows];

    /// Reads it; `None` after at least one fault was noted.
    fn read(arguments: &mut Arguments<'_>) -> Option<Self>;

    /// Shows what was read, by parameter name; what was neither given nor has a default is left out.
    fn write(&self, members: &mut Members);

    /// What selects the file, of a call that is about one.
    fn file_selectors(&self) -> Option<Members> {
        None
    }
}

/// The member name of a field: the literal, or else the field's own.
macro_rules! wire_name {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $wire:literal) => {
        $wire
    };
}

/// What a field is made of, by how it is declared: its Rust type, its rows, how it is read and written.
///
/// `set` fields have the values of their defaults; `keep` fields are those of an update, all of them
/// optional.
macro_rules! field {
    (type set required $type:ty) => { $type };
    (type set default $type:ty, $default:literal) => { $type };
    (type set group $type:ty) => { $type };
    (type set exit $type:ty, $kind:literal, $number:literal) => { $type };
    (type keep exit $type:ty, $kind:literal, $number:literal) => { $crate::enswitch::schema::exit::ExitChange };
    (type $mode:ident $how:ident $type:ty $(, $with:literal)*) => { Option<$type> };

    (rows set required $type:ty, $name:expr) => { row::<$type>($name, Presence::Required) };
    (rows set default $type:ty, $name:expr, $default:literal) => { row::<$type>($name, Presence::Default($default)) };
    (rows set otherwise $type:ty, $name:expr, $means:literal) => { row::<$type>($name, Presence::Otherwise($means)) };
    (rows set kept $type:ty, $name:expr) => { row::<$type>($name, Presence::Keep) };
    (rows set group $type:ty, $name:expr) => { Rows::Group(<$type as Input>::ROWS) };
    (rows set exit $type:ty, $name:expr, $kind:literal, $number:literal) => {
        Rows::Group(&$crate::enswitch::schema::exit::rows($kind, $number, false))
    };
    (rows keep exit $type:ty, $name:expr, $kind:literal, $number:literal) => {
        Rows::Group(&$crate::enswitch::schema::exit::rows($kind, $number, true))
    };
    (rows keep $how:ident $type:ty, $name:expr $(, $with:literal)*) => { row::<$type>($name, Presence::Keep) };

    (read set required $type:ty, $name:expr; $arguments:ident) => { $arguments.required::<$type>($name) };
    (read set default $type:ty, $name:expr, $default:literal; $arguments:ident) => {
        $arguments.or_default::<$type>($name, $default)
    };
    (read set group $type:ty, $name:expr; $arguments:ident) => { <$type as Input>::read($arguments) };
    (read set exit $type:ty, $name:expr, $kind:literal, $number:literal; $arguments:ident) => {
        $crate::enswitch::schema::exit::Exit::read($arguments, $kind, $number)
    };
    (read keep exit $type:ty, $name:expr, $kind:literal, $number:literal; $arguments:ident) => {
        $crate::enswitch::schema::exit::ExitChange::read($arguments, $kind, $number)
    };
    (read $mode:ident $how:ident $type:ty, $name:expr $(, $with:literal)*; $arguments:ident) => {
        $arguments.given::<$type>($name)
    };

    (write set required $type:ty, $name:expr; $value:expr, $members:ident) => { $members.put($name, $value) };
    (write set default $type:ty, $name:expr, $default:literal; $value:expr, $members:ident) => {
        $members.put($name, $value)
    };
    (write set group $type:ty, $name:expr; $value:expr, $members:ident) => { Input::write($value, $members) };
    (write $mode:ident exit $type:ty, $name:expr, $kind:literal, $number:literal; $value:expr, $members:ident) => {
        $value.write($members, $kind, $number)
    };
    (write $mode:ident $how:ident $type:ty, $name:expr $(, $with:literal)*; $value:expr, $members:ident) => {
        if let Some(value) = $value { $members.put($name, value); }
    };
}

/// Declares what a function takes. A field is `name: Type = how`, with the parameter's own name as a literal
/// behind the field's where the two differ. `how` is `required`; `default("value")`; `otherwise("what holds
/// instead")`; `kept`, of an update; `group`, of a type that is itself an input; or `exit("type", "number")`.
macro_rules! input {
    ($(#[$about:meta])* $mode:ident $name:ident {
        $($(#[$doc:meta])* $field:ident $($wire:literal)? : $type:ty = $how:ident $(($($with:literal),*))?,)*
    }) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name {
            $($(#[$doc])* pub $field: field!(type $mode $how $type $($(, $with)*)?),)*
        }

        impl Input for $name {
            const ROWS: &'static [Rows] = &[
                $(field!(rows $mode $how $type, wire_name!($field $($wire)?) $($(, $with)*)?),)*
            ];

            fn read(arguments: &mut Arguments<'_>) -> Option<Self> {
                // All are read before any is missed, so that each bad one gets its fault.
                $(let $field = field!(read $mode $how $type, wire_name!($field $($wire)?) $($(, $with)*)?; arguments);)*
                let _ = arguments;
                Some(Self { $($field: $field?,)* })
            }

            fn write(&self, members: &mut Members) {
                let _ = &members;
                $(field!(
                    write $mode $how $type, wire_name!($field $($wire)?) $($(, $with)*)?; &self.$field, members
                );)*
            }
        }
    };
}

/// Declares the fields that creating and updating share, and with them two inputs: all of them with their
/// defaults, and the changes, where what is not given is kept. All of them are a change that keeps nothing.
macro_rules! fields {
    ($(#[$about:meta])* $name:ident, $(#[$more:meta])* $changes:ident {
        $($(#[$doc:meta])* $field:ident $($wire:literal)? : $type:ty = $how:ident ($($with:literal),*),)*
    }) => {
        input! { $(#[$about])* set $name {
            $($(#[$doc])* $field $($wire)? : $type = $how ($($with),*),)*
        } }
        input! { $(#[$more])* keep $changes {
            $($(#[$doc])* $field $($wire)? : $type = $how ($($with),*),)*
        } }

        impl From<$name> for $changes {
            fn from(all: $name) -> Self {
                Self { $($field: all.$field.into(),)* }
            }
        }
    };
}

pub(in crate::enswitch) use {field, fields, input, wire_name};

input! {
    /// `validation`: whether to judge the input only and change nothing; the answer is then code 201.
    set Validation {
        /// Judge only.
        only "validation": bool = default("0"),
    }
}

input! {
    /// `customer`: whom to act for.
    set InCustomer {
        /// The customer; none means the caller's own.
        customer: values::Reference = default("0"),
    }
}

/// Takes no parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nothing;

impl Input for Nothing {
    const ROWS: &'static [Rows] = &[];

    fn read(_: &mut Arguments<'_>) -> Option<Self> {
        Some(Self)
    }

    fn write(&self, _: &mut Members) {}
}
