//! System owners who can log in: the last one of an installation must stay one.

use callvault_core::id::PersonId;
use callvault_core::port::catalog::{CatalogError, CatalogResult};
use callvault_core::role::{Privilege, Privileges};

use crate::catalog::sql::{Query, Sql};

/// The people who reach the whole installation, may administer it, and can log in: neither they nor their customer, nor one
/// above it, are disabled.
pub(in crate::catalog) async fn in_force(sql: &mut dyn Sql) -> CatalogResult<Vec<PersonId>> {
    let query = Query::new(
        "looking for system owners",
        "WITH RECURSIVE line (person, id, parent, disabled) AS (
             SELECT p.id, c.id, c.parent, c.disabled FROM person p JOIN role r ON r.id = p.role
                 JOIN customer c ON c.id = p.customer WHERE r.reach = 'system' AND NOT p.disabled
             UNION
             SELECT l.person, c.id, c.parent, c.disabled FROM customer c JOIN line l ON c.id = l.parent
         )
         SELECT p.id, r.privileges FROM person p JOIN role r ON r.id = p.role
         WHERE r.reach = 'system' AND NOT p.disabled
             AND NOT EXISTS (SELECT 1 FROM line l WHERE l.person = p.id AND l.disabled)
         ORDER BY p.id",
    );
    let mut owners = Vec::new();
    for mut row in sql.fetch(query).await? {
        let id = PersonId(row.int("person id")?);
        // A privilege that only a newer version knows opens nothing here.
        let text = row.text("role privileges")?;
        let privileges: Privileges = text.split(',').filter_map(Privilege::parse).collect();
        if privileges.has(Privilege::System) {
            owners.push(id);
        }
    }
    Ok(owners)
}

/// Fails with Kept where there were system owners before this unit and are none now. An installation without any, such as one
/// that is only used through its control socket, stays as free as it was.
pub(in crate::catalog) async fn check_left(
    sql: &mut dyn Sql,
    before: &[PersonId],
    field: &'static str,
) -> CatalogResult<()> {
    if before.is_empty() || !in_force(sql).await?.is_empty() {
        return Ok(());
    }
    let reason = "nobody else is a system owner who can log in".to_owned();
    Err(CatalogError::Kept { field, reason })
}
