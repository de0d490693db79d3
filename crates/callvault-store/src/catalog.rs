//! The catalog: its SQL, written once for all engines, and the engines that run it.
//!
//! A write is a unit of work as data (`sql::Unit`): an engine may run it again, alone or among others, and answers after
//! COMMIT. A read is one query. The SQL keeps to what SQLite and PostgreSQL share: `$n` parameters, ON CONFLICT,
//! RETURNING, recursive CTEs, and columns of BIGINT, TEXT, BYTEA and BOOL. What an engine alone can do (a check of its
//! own pages) is in that engine's module.

use std::error::Error as StdError;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use callvault_core::port::catalog::{Catalog, CatalogError, CatalogResult};

use self::sql::Engine;

mod api_keys;
mod calls;
mod check;
mod customers;
mod destinations;
mod features;
mod found;
mod hunt_group_settings;
mod hunt_groups;
mod keeping;
mod kept;
mod listen_log;
mod login_tokens;
mod loose_objects;
mod messages;
mod migrate;
mod one_time_codes;
mod outbox;
mod owners;
mod people;
mod plans;
mod profiles;
mod prompts;
#[cfg(test)]
mod query_plan;
mod record_groups;
mod recordings;
mod removals;
mod reports;
mod sessions;
mod sounds;
mod sql;
mod sqlite;
mod stored_audio;
mod tickets;
mod token_pairs;
mod trials;
mod within;

/// A catalog that cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file cannot be made or made private.
    #[error("the catalog {path} cannot be created")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The engine refuses the catalog.
    #[error("the catalog {path} cannot be opened")]
    Engine {
        /// Where the catalog is.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<dyn StdError + Send + Sync>,
    },
    /// The tables cannot be brought up to date.
    #[error("the catalog {path} cannot be brought up to date")]
    Migrate {
        /// Where the catalog is.
        path: PathBuf,
        /// Why.
        #[source]
        source: CatalogError,
    },
}

/// Opens the catalog in one file, creating it (mode 0600) when there is none, and brings its tables up to date.
///
/// Must be called on a tokio runtime; the writer has a thread of its own. Dropping the catalog loses nothing that was
/// answered; [`Catalog::close`] also finishes what is queued and folds the write-ahead log into the file.
///
/// # Errors
/// [`OpenError`], naming the file.
pub async fn open_sqlite(path: &Path) -> Result<Arc<dyn Catalog>, OpenError> {
    Ok(Arc::new(SqlCatalog { engine: sqlite::Sqlite::open(path).await? }))
}

/// The catalog over whatever runs its SQL.
struct SqlCatalog<E> {
    engine: E,
}

#[async_trait]
impl<E: Engine> Catalog for SqlCatalog<E> {
    async fn ping(&self) -> CatalogResult<()> {
        self.engine.write(check::Touch).await
    }

    async fn self_check(&self) -> CatalogResult<Vec<String>> {
        let mut faults = self.engine.self_check().await?;
        faults.extend(check::dangling_rows(&self.engine).await?);
        Ok(faults)
    }

    async fn close(&self) {
        self.engine.close().await;
    }
}
