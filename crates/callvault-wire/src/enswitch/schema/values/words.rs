//! Parameters that take one of a few words, case-sensitive (`docs/enswitch.md` 12).

/// Declares a set of words. Where one of them is the empty text, that counts as a value.
macro_rules! words {
    ($($(#[$about:meta])* $name:ident: $allowed:literal {
        $($(#[$doc:meta])* $variant:ident = $word:literal,)*
    })*) => {$(
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$doc])* $variant,)*
        }

        impl $name {
            /// The word on the wire.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }
        }

        impl $crate::enswitch::schema::Value for $name {
            const KIND: $crate::enswitch::schema::Kind = $crate::enswitch::schema::Kind::Text;
            const ALLOWED: &'static str = $allowed;
            const EMPTY_IS_A_VALUE: bool = false $(|| $word.is_empty())*;

            fn parse(text: &str) -> Result<Self, &'static str> {
                match text {
                    $($word => Ok(Self::$variant),)*
                    _ => Err(Self::ALLOWED),
                }
            }

            fn scalar(&self) -> $crate::enswitch::schema::members::Scalar {
                $crate::enswitch::schema::members::Scalar::Text(self.as_str().to_owned())
            }
        }
    )*};
}

pub(in crate::enswitch) use words;

words! {
    /// In which order a hunt group tries its levels.
    RingOrder: r#""circular", "linear", "smart_circular" or "smart_linear""# {
        /// From the level behind the one where the last call stopped.
        Circular = "circular",
        /// From the first level.
        Linear = "linear",
        /// As [`RingOrder::Circular`], "smart"; the vendor does not say how.
        SmartCircular = "smart_circular",
        /// As [`RingOrder::Linear`], "smart"; the vendor does not say how.
        SmartLinear = "smart_linear",
    }

    /// What a destination of a hunt group is.
    DestinationKind: r#""forward", "peer", "phone" or "sipuri""# {
        /// A number to forward to.
        Forward = "forward",
        /// A number at a peer.
        Peer = "peer",
        /// A telephone line.
        Phone = "phone",
        /// A SIP URI.
        SipUri = "sipuri",
    }

    /// To which calls a record group plays its message that the call is recorded.
    MessagePlayed: r#""all", "inbound", "inbound_outbound", "internal", "outbound" or empty for none"# {
        /// To none.
        None = "",
        /// To all.
        All = "all",
        /// To those that come in.
        Inbound = "inbound",
        /// To those that come in or go out.
        InboundOutbound = "inbound_outbound",
        /// To those between own lines.
        Internal = "internal",
        /// To those that go out.
        Outbound = "outbound",
    }

    /// By what recordings are sorted.
    RecordingOrder: r#""cnumber", "expires", "snumber", "start" or "totaltime""# {
        /// The number called.
        Called = "cnumber",
        /// When they expire.
        Expires = "expires",
        /// The number that called.
        Caller = "snumber",
        /// When they began.
        Start = "start",
        /// How long the call took.
        TotalTime = "totaltime",
    }

    /// By what people are sorted.
    PeopleOrder: r#""forename", "fullname", "surname" or "username""# {
        /// First name.
        Forename = "forename",
        /// First and last name.
        FullName = "fullname",
        /// Last name.
        Surname = "surname",
        /// User name.
        Username = "username",
    }

    /// How a person reads dates.
    DateFormat: r#""DD/MM/YYYY", "MM/DD/YYYY" or "YYYY-MM-DD""# {
        /// Day first.
        DayFirst = "DD/MM/YYYY",
        /// Month first.
        MonthFirst = "MM/DD/YYYY",
        /// Year first.
        YearFirst = "YYYY-MM-DD",
    }

    /// How a person reads times of day.
    TimeFormat: r#""12" or "24""# {
        /// With AM and PM.
        Twelve = "12",
        /// With hours up to 23.
        TwentyFour = "24",
    }

    /// How a text is compared.
    Match: r#""contains", "ends", "exact" or "starts""# {
        /// It holds the text.
        Contains = "contains",
        /// It ends in it.
        Ends = "ends",
        /// It is the text.
        Exact = "exact",
        /// It starts with it.
        Starts = "starts",
    }

    /// Which way calls went.
    Direction: r#""inbound", "internal", "outbound" or empty for any"# {
        /// Any way.
        Any = "",
        /// In.
        Inbound = "inbound",
        /// Between own lines.
        Internal = "internal",
        /// Out.
        Outbound = "outbound",
    }

    /// What a row of a list of calls is.
    Detail: r#""leg" or "call""# {
        /// One leg of a call.
        Leg = "leg",
        /// A call with all its legs.
        Call = "call",
    }
}
