//! `key`: API keys.

use anyhow::Context as _;
use callvault_core::port::clock::Clock as _;
use callvault_server::system::SystemClock;
use serde_json::{Value, json};

use super::{Outcome, of_customers, print_list};
use crate::arguments::{KeyCommand, KeyExpiry};
use crate::client::{ApiClient, Route};
use crate::printer::{Column, Printer, column};

const KEYS: &[Column] = &[
    column("ID", "id"),
    column("CUSTOMER", "customer"),
    column("BELOW", "below"),
    column("NAME", "name"),
    column("SCOPES", "scopes"),
    column("EXPIRES", "expires_at"),
    column("LAST USED", "last_used_at"),
];

pub(super) async fn run(client: &ApiClient, command: KeyCommand) -> anyhow::Result<Outcome> {
    match command {
        KeyCommand::Add { customer, scope, name, below, expires, output } => {
            let mut body = json!({
                "customer": customer, "scopes": scope, "name": name.unwrap_or_default(), "below": below,
            });
            match expires {
                None => {}
                Some(KeyExpiry::Never) => body["expires_at"] = Value::Null,
                Some(KeyExpiry::After(span)) => {
                    body["expires_at"] = SystemClock::new().now().after(span.0).to_string().into();
                }
                Some(KeyExpiry::At(moment)) => body["expires_at"] = moment.to_string().into(),
            }
            let added = client.post(&Route::to([&"keys"]), &body).await;
            let added = added.with_context(|| format!("cannot add a key for customer {customer}"))?;
            Printer::new(output.json).object(&added)?;
            Ok(Outcome::Done)
        }
        KeyCommand::List { customer, output } => {
            let routes = of_customers(client, "keys", customer).await?;
            print_list(client, Printer::new(output.json), KEYS, routes).await
        }
        KeyCommand::Revoke { ids } => {
            for id in ids {
                let revoked = client.delete(&Route::to([&"keys", &id])).await;
                revoked.with_context(|| format!("cannot revoke key {id}"))?;
            }
            Ok(Outcome::Done)
        }
    }
}
