//! JSON objects whose members keep the order of the vendor's guide and whose values are texts, as all of the
//! dialect's are.

use std::borrow::Cow;

use serde::ser::{Serialize, SerializeMap as _, Serializer};

/// An object under construction.
#[derive(Default)]
pub(super) struct Object<'a> {
    members: Vec<(&'static str, Member<'a>)>,
}

enum Member<'a> {
    Text(Cow<'a, str>),
    One(Object<'a>),
    Many(Vec<Object<'a>>),
}

impl<'a> Object<'a> {
    /// Adds a text, empty or not.
    pub(super) fn text(mut self, name: &'static str, value: impl Into<Cow<'a, str>>) -> Self {
        self.members.push((name, Member::Text(value.into())));
        self
    }

    /// Adds a text if there is one.
    pub(super) fn optional(self, name: &'static str, value: Option<impl Into<Cow<'a, str>>>) -> Self {
        match value {
            Some(value) => self.text(name, value),
            None => self,
        }
    }

    /// Adds an object.
    pub(super) fn one(mut self, name: &'static str, value: Object<'a>) -> Self {
        self.members.push((name, Member::One(value)));
        self
    }

    /// Adds a list of objects, which may be empty.
    pub(super) fn many(mut self, name: &'static str, values: impl IntoIterator<Item = Object<'a>>) -> Self {
        self.members.push((name, Member::Many(values.into_iter().collect())));
        self
    }

    /// The JSON text, in one line.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("objects with texts for names always serialize")
    }
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.members.len()))?;
        for (name, value) in &self.members {
            match value {
                Member::Text(text) => map.serialize_entry(name, text)?,
                Member::One(object) => map.serialize_entry(name, object)?,
                Member::Many(objects) => map.serialize_entry(name, objects)?,
            }
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_keep_their_order_and_stay_in_one_line() {
        let object = Object::default()
            .text("z", "a\r\n\"b\"")
            .optional("y", None::<&str>)
            .optional("x", Some("1"))
            .one("o", Object::default())
            .many("l", [Object::default().text("b", "é"), Object::default()])
            .many("e", []);
        let text = String::from_utf8(object.to_bytes()).expect("JSON is UTF-8");
        assert_eq!(text, r#"{"z":"a\r\n\"b\"","x":"1","o":{},"l":[{"b":"é"},{}],"e":[]}"#);
    }
}
