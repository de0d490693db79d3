//! Features. Their prompts are in [`super::prompts`].

use async_trait::async_trait;
use callvault_core::audio::AudioKey;
use callvault_core::feature::{
    Feature, FeatureChange, FeatureKey, FeatureKind, NewFeature, Prompt, PromptFile,
};
use callvault_core::gate::{InCustomer, Within};
use callvault_core::id::{CustomerId, FeatureId, PersonId};
use callvault_core::page::PageRequest;
use callvault_core::port::catalog::{CatalogError, CatalogResult, Features};
use callvault_core::time::Timestamp;

use super::customers::require_customer;
use super::people::require_owner;
use super::sql::{Engine, Query, Row, Sql, Unit, look_up_first, number, read_all, read_first};
use super::within::within;
use super::{SqlCatalog, prompts, stored_audio};

/// Features, up to the condition.
macro_rules! features_where {
    () => {
        "SELECT kind, id, customer, number, name, owner, is_system, created_at FROM feature WHERE "
    };
}

#[async_trait]
impl<E: Engine> Features for SqlCatalog<E> {
    async fn add_feature(&self, new: NewFeature) -> CatalogResult<FeatureId> {
        self.engine.write(Add(new)).await
    }

    async fn change_feature(&self, key: FeatureKey, change: FeatureChange) -> CatalogResult<()> {
        self.engine.write(Change { key, change }).await
    }

    async fn remove_feature(
        &self,
        key: FeatureKey,
        noted: Vec<(PromptFile, AudioKey)>,
        at: Timestamp,
    ) -> CatalogResult<Vec<AudioKey>> {
        self.engine.write(Remove { key, noted, at }).await
    }

    async fn feature(&self, within: &Within, key: FeatureKey) -> CatalogResult<Option<Feature>> {
        let query = Query::new(
            "reading a feature",
            concat!(features_where!(), "kind = $1 AND id = $2 AND ", within!("customer", "$3", "$4")),
        )
        .with(key.kind.as_str())
        .with(key.id.0)
        .within(within);
        look_up_first(&self.engine, query, read).await
    }

    async fn feature_numbered(
        &self,
        within: &Within,
        kind: FeatureKind,
        number: &str,
        first: Option<CustomerId>,
    ) -> CatalogResult<Option<Feature>> {
        let query = Query::new(
            "reading a feature by its number",
            concat!(
                features_where!(),
                "kind = $1 AND number = $2 AND ",
                within!("customer", "$3", "$4"),
                " ORDER BY CASE WHEN customer = CAST($5 AS BIGINT) THEN 0 ELSE 1 END, customer LIMIT 1"
            ),
        )
        .with(kind.as_str())
        .with(number)
        .within(within)
        .with(first.map(|customer| customer.0));
        read_first(&self.engine, query).await?.map(|mut row| read(&mut row)).transpose()
    }

    async fn features(
        &self,
        customer: &InCustomer,
        kind: Option<FeatureKind>,
        page: PageRequest<FeatureKey>,
    ) -> CatalogResult<Vec<Feature>> {
        let query = match kind {
            None => Query::new(
                "listing features",
                concat!(
                    features_where!(),
                    "customer = $1 AND (kind, id) > ($2, $3) ORDER BY kind, id LIMIT $4"
                ),
            ),
            Some(_) => Query::new(
                "listing features of a kind",
                concat!(
                    features_where!(),
                    "customer = $1 AND (kind, id) > ($2, $3) AND kind = $5 ORDER BY kind, id LIMIT $4"
                ),
            ),
        };
        let query = query
            .with(customer.id().0)
            .with(page.after.map_or("", |after| after.kind.as_str()))
            .with(page.after.map_or(i64::MIN, |after| after.id.0))
            .with(page.limit);
        let query = match kind {
            None => query,
            Some(kind) => query.with(kind.as_str()),
        };
        read_all(&self.engine, query, read).await
    }

    async fn put_prompt(&self, new: Prompt, noted: Vec<AudioKey>) -> CatalogResult<Vec<AudioKey>> {
        self.engine.write(prompts::Put { new, noted }).await
    }

    async fn prompt(&self, feature: FeatureKey, file: PromptFile) -> CatalogResult<Option<Prompt>> {
        prompts::one(&self.engine, feature, file).await
    }

    async fn prompts(&self, feature: FeatureKey) -> CatalogResult<Vec<Prompt>> {
        prompts::of_feature(&self.engine, feature).await
    }

    async fn remove_prompt(
        &self,
        feature: FeatureKey,
        file: PromptFile,
        noted: Vec<AudioKey>,
        at: Timestamp,
    ) -> CatalogResult<Option<Vec<AudioKey>>> {
        self.engine.write(prompts::Remove { feature, file, noted, at }).await
    }
}

/// Reads the two columns of a key.
pub(super) fn key(row: &mut Row) -> CatalogResult<FeatureKey> {
    Ok(FeatureKey {
        kind: row.parsed("feature kind", FeatureKind::parse)?,
        id: FeatureId(row.int("feature id")?),
    })
}

fn read(row: &mut Row) -> CatalogResult<Feature> {
    Ok(Feature {
        key: key(row)?,
        customer: CustomerId(row.int("feature customer")?),
        number: row.optional_text("feature number")?,
        name: row.text("feature name")?,
        owner: row.optional_int("feature owner")?.map(PersonId),
        is_system: row.bool("feature is_system")?,
        created_at: Timestamp::from_unix_ms(row.int("feature created_at")?),
    })
}

struct Add(NewFeature);

#[async_trait]
impl Unit for Add {
    type Output = FeatureId;

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<FeatureId> {
        let new = &self.0;
        require_customer(sql, new.customer).await?;
        if let Some(owner) = new.owner {
            require_owner(sql, new.customer, owner).await?;
        }
        if let Some(id) = new.id {
            // Asked, because the statement below may collide in the number too.
            let query =
                Query::new("looking for a feature", "SELECT id FROM feature WHERE kind = $1 AND id = $2")
                    .with(new.kind.as_str())
                    .with(id.0);
            if sql.fetch_first(query).await?.is_some() {
                return Err(CatalogError::Taken { field: "id" });
            }
        }
        let id = number(sql, new.kind.as_str(), new.id.map(|id| id.0)).await?;
        let query = Query::new(
            "adding a feature",
            "INSERT INTO feature (kind, id, customer, number, name, owner, is_system, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .with(new.kind.as_str())
        .with(id)
        .with(new.customer.0)
        .with(new.number.as_deref())
        .with(new.name.as_str())
        .with(new.owner.map(|owner| owner.0))
        .with(new.is_system)
        .with(new.created_at.unix_ms());
        sql.execute(query).await.map_err(|error| error.taken("number"))?;
        Ok(FeatureId(id))
    }
}

struct Change {
    key: FeatureKey,
    change: FeatureChange,
}

#[async_trait]
impl Unit for Change {
    type Output = ();

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<()> {
        let FeatureChange { name, number, owner } = &self.change;
        if let Some(Some(owner)) = owner {
            let query = Query::new(
                "looking for a feature's customer",
                "SELECT customer FROM feature WHERE kind = $1 AND id = $2",
            )
            .with(self.key.kind.as_str())
            .with(self.key.id.0);
            let mut row = sql.fetch_first(query).await?.ok_or(CatalogError::Gone { what: "feature" })?;
            require_owner(sql, CustomerId(row.int("feature customer")?), *owner).await?;
        }
        let query = Query::new(
            "changing a feature",
            "UPDATE feature SET name = COALESCE($3, name), number = COALESCE($4, number),
                 owner = CASE WHEN $5 THEN $6 ELSE owner END
             WHERE kind = $1 AND id = $2",
        )
        .with(self.key.kind.as_str())
        .with(self.key.id.0)
        .with(name.as_deref())
        .with(number.as_deref())
        .with(owner.is_some())
        .with(owner.flatten().map(|owner| owner.0));
        match sql.execute(query).await.map_err(|error| error.taken("number"))? {
            0 => Err(CatalogError::Gone { what: "feature" }),
            _ => Ok(()),
        }
    }
}

struct Remove {
    key: FeatureKey,
    noted: Vec<(PromptFile, AudioKey)>,
    at: Timestamp,
}

#[async_trait]
impl Unit for Remove {
    type Output = Vec<AudioKey>;

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<Vec<AudioKey>> {
        let query = Query::new(
            "removing the prompts of a feature",
            "DELETE FROM prompt WHERE kind = $1 AND feature = $2 RETURNING file, audio",
        )
        .with(self.key.kind.as_str())
        .with(self.key.id.0);
        let mut gone = Vec::new();
        for mut row in sql.fetch(query).await? {
            gone.push((prompts::file(self.key.kind, &mut row)?, stored_audio::key(&mut row)?));
        }
        stored_audio::require_noted("prompts", &gone, &self.noted)?;
        let keys = gone.into_iter().map(|(_, audio)| audio).collect();
        let query = Query::new("removing a feature", "DELETE FROM feature WHERE kind = $1 AND id = $2")
            .with(self.key.kind.as_str())
            .with(self.key.id.0);
        if sql.execute(query).await? == 0 {
            return Err(CatalogError::Gone { what: "feature" });
        }
        stored_audio::discard(sql, keys, self.at).await
    }
}
