//! Writes the members of a JSON object in a fixed order.
//!
//! Promises: ids and flags are numbers, everything else is a string, and nothing is ever null
//! (`docs/enswitch.md` 9 and 44).

use super::Value;

/// A value inside an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::enswitch) enum Scalar {
    Number(i64),
    Text(String),
}

/// The members of one object: names, and values as JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Members(Vec<(String, String)>);

impl Members {
    pub(in crate::enswitch) fn put<T: Value>(&mut self, name: &str, value: &T) {
        match value.scalar() {
            Scalar::Number(number) => self.number(name, number),
            Scalar::Text(text) => self.text(name, &text),
        }
    }

    pub(in crate::enswitch) fn number(&mut self, name: &str, number: i64) {
        self.literal(name, number.to_string());
    }

    pub(in crate::enswitch) fn text(&mut self, name: &str, text: &str) {
        self.literal(name, quoted(text));
    }

    /// Adds a member whose value is JSON already.
    pub(in crate::enswitch) fn literal(&mut self, name: &str, json: String) {
        self.0.push((name.to_owned(), json));
    }

    /// The members as pairs of name and JSON.
    pub(in crate::enswitch) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, json)| (name.as_str(), json.as_str()))
    }

    /// The object with these members.
    pub(in crate::enswitch) fn object(&self) -> String {
        let members: Vec<String> =
            self.pairs().map(|(name, json)| format!("{}:{json}", quoted(name))).collect();
        if members.is_empty() { "{ }".to_owned() } else { format!("{{ {} }}", members.join(", ")) }
    }
}

/// A JSON string.
pub(in crate::enswitch) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_keep_their_order_and_types() {
        let mut members = Members::default();
        assert_eq!(members.object(), "{ }");
        members.number("id", 123);
        members.text("name", "say \"no\"\n");
        members.put("shared", &true);
        assert_eq!(members.object(), r#"{ "id":123, "name":"say \"no\"\n", "shared":1 }"#);
    }
}
