//! Lists of our own API, page by page.

use serde_json::Value;

use super::{ApiClient, Route};

/// How many rows are asked for at once; the most that the API gives.
const PAGE_ROWS: u32 = 1000;

/// A list that is being read.
pub(crate) struct Pages<'a> {
    client: &'a ApiClient,
    route: Route,
    after: Option<Value>,
    over: bool,
}

impl ApiClient {
    /// Begins to read a list.
    pub(crate) fn pages(&self, route: Route) -> Pages<'_> {
        Pages { client: self, route: route.query("limit", &PAGE_ROWS), after: None, over: false }
    }
}

impl Pages<'_> {
    /// The next page; `None` after the last one.
    pub(crate) async fn next(&mut self) -> anyhow::Result<Option<Vec<Value>>> {
        if self.over {
            return Ok(None);
        }
        let after = self.after.as_ref().map(|key| match key {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        });
        let mut page = self.client.get(&self.route.clone().maybe("after", after)).await?;
        self.after = Some(page["next"].take()).filter(|key| !key.is_null());
        self.over = self.after.is_none();
        match page["items"].take() {
            Value::Array(items) => Ok(Some(items)),
            _ => anyhow::bail!("the answer to {} is no list", self.route.as_str()),
        }
    }
}
