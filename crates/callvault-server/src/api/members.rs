//! What has to be a JSON object. Structures that derive `Deserialize` are read from lists as well, value by value in the order
//! of their fields, which no description says and no reader of a request would see.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// A structure that is read from the members of an object alone.
pub(super) struct Members<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Members<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(OfObject(PhantomData)).map(Self)
    }
}

struct OfObject<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for OfObject<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(members))
    }
}

impl<T: JsonSchema> JsonSchema for Members<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        number: i64,
    }

    #[derive(Deserialize)]
    struct Outer {
        inner: Option<Members<Inner>>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Around {
        #[serde(flatten)]
        outer: Outer,
    }

    #[test]
    fn only_objects_are_read() {
        let check = |text: &str, expected: Result<Option<i64>, &str>| {
            let read = serde_json::from_str::<Members<Around>>(text);
            let read = read.map(|Members(around)| around.outer.inner.map(|Members(inner)| inner.number));
            match (read, expected) {
                (Ok(number), Ok(expected)) => assert_eq!(number, expected, "{text}"),
                (Err(error), Err(expected)) => {
                    assert!(error.to_string().starts_with(expected), "{text}: {error}")
                }
                (read, expected) => panic!("{text}: {read:?}, not {expected:?}"),
            }
        };
        check(r#"{"inner":{"number":4}}"#, Ok(Some(4)));
        check(r#"{"inner":null}"#, Ok(None));
        check("{}", Ok(None));
        check(r#"{"inner":[4]}"#, Err("invalid type: sequence, expected an object"));
        check(r#"[{"number":4}]"#, Err("invalid type: sequence, expected an object"));
        check(r#"{"inner":{}}"#, Err("missing field `number`"));
        check(r#"{"inner":{"number":4,"more":1}}"#, Err("unknown field `more`"));
        check(r#"{"inner":{"number":4.5}}"#, Err("invalid type: floating point"));
        check("null", Err("invalid type: null, expected an object"));
    }
}
