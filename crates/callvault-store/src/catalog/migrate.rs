//! Brings the tables up to date: dated, forward-only scripts, each applied once.
//!
//! All runs in one transaction that begins with the lock row, so that a second migrator waits and then finds nothing to
//! do. Names that this version does not know are those of a newer one that shares the catalog, and are left alone.

use std::collections::BTreeSet;

use callvault_core::port::catalog::CatalogResult;
use callvault_core::role::builtin_roles;

use super::people::folded;
use super::sql::{Query, Sql};

/// The scripts, in the order in which they are applied.
const MIGRATIONS: &[(&str, &str)] = &[
    ("20261122_foundation", include_str!("migrations/20261122_foundation.sql")),
    ("20261122_call_records", include_str!("migrations/20261122_call_records.sql")),
    ("20261122_customer_device", include_str!("migrations/20261122_customer_device.sql")),
    ("20261122_reports", include_str!("migrations/20261122_reports.sql")),
    ("20261122_customer_plan", include_str!("migrations/20261122_customer_plan.sql")),
    ("20261122_person_options", include_str!("migrations/20261122_person_options.sql")),
    ("20261122_refresh_tokens", include_str!("migrations/20261122_refresh_tokens.sql")),
    ("20261122_party_names", include_str!("migrations/20261122_party_names.sql")),
    ("20261122_recording_calls", include_str!("migrations/20261122_recording_calls.sql")),
    ("20261122_pseries_tokens", include_str!("migrations/20261122_pseries_tokens.sql")),
    ("20261122_reports_set_aside", include_str!("migrations/20261122_reports_set_aside.sql")),
    ("20261122_report_rejections", include_str!("migrations/20261122_report_rejections.sql")),
    ("20261122_recording_call_ids", include_str!("migrations/20261122_recording_call_ids.sql")),
    ("20261122_hunt_group_settings", include_str!("migrations/20261122_hunt_group_settings.sql")),
    ("20261122_destinations", include_str!("migrations/20261122_destinations.sql")),
    ("20261122_sound_library", include_str!("migrations/20261122_sound_library.sql")),
    ("20261122_profiles", include_str!("migrations/20261122_profiles.sql")),
    ("20261122_features", include_str!("migrations/20261122_features.sql")),
    ("20261122_record_groups", include_str!("migrations/20261122_record_groups.sql")),
    ("20261122_recording_places", include_str!("migrations/20261122_recording_places.sql")),
    ("20261122_recordings_encoding", include_str!("migrations/20261122_recordings_encoding.sql")),
    ("20261122_login_tokens", include_str!("migrations/20261122_login_tokens.sql")),
    ("20261122_one_time_codes", include_str!("migrations/20261122_one_time_codes.sql")),
    ("20261122_api_keys", include_str!("migrations/20261122_api_keys.sql")),
    ("20261122_record_group_numbers", include_str!("migrations/20261122_record_group_numbers.sql")),
    ("20261122_place_rows", include_str!("migrations/20261122_place_rows.sql")),
];

/// Applies what is missing. The caller holds a transaction open around it.
pub(super) async fn migrate(sql: &mut dyn Sql) -> CatalogResult<()> {
    sql.script(
        "preparing the list of migrations",
        "CREATE TABLE IF NOT EXISTS migration_lock (id BIGINT NOT NULL PRIMARY KEY, runs BIGINT NOT NULL);
         CREATE TABLE IF NOT EXISTS migration (name TEXT NOT NULL PRIMARY KEY);",
    )
    .await?;
    let lock = Query::new(
        "locking the list of migrations",
        "INSERT INTO migration_lock (id, runs) VALUES (1, 1)
         ON CONFLICT (id) DO UPDATE SET runs = migration_lock.runs + 1",
    );
    sql.execute(lock).await?;
    let applied =
        sql.fetch(Query::new("reading the list of migrations", "SELECT name FROM migration")).await?;
    let applied: BTreeSet<String> =
        applied.into_iter().map(|mut row| row.text("migration name")).collect::<CatalogResult<_>>()?;
    for &(name, script) in MIGRATIONS {
        if !applied.contains(name) {
            sql.script("a migration", script).await?;
            let record = Query::new("recording a migration", "INSERT INTO migration (name) VALUES ($1)");
            sql.execute(record.with(name)).await?;
        }
    }
    seed_roles(sql).await
}

/// Makes the roles that exist from the start what this version says they are.
async fn seed_roles(sql: &mut dyn Sql) -> CatalogResult<()> {
    for role in builtin_roles() {
        let query = Query::new(
            "writing the built-in roles",
            "INSERT INTO role (id, name, name_key, reach, privileges, builtin) VALUES ($1, $2, $3, $4, $5, TRUE)
             ON CONFLICT (id) DO UPDATE SET name = excluded.name, name_key = excluded.name_key,
                 reach = excluded.reach, privileges = excluded.privileges
             WHERE role.builtin AND (role.name <> excluded.name OR role.reach <> excluded.reach
                 OR role.privileges <> excluded.privileges)",
        )
        .with(role.id.0)
        .with(role.name.as_str())
        .with(folded(&role.name))
        .with(role.reach.as_str())
        .with(role.privileges.to_string());
        sql.execute(query).await?;
        super::sql::number(sql, "role", Some(role.id.0)).await?;
    }
    Ok(())
}
