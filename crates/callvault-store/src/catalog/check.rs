//! The parts of the readiness probe and of the self-check that are the same for all engines.

use async_trait::async_trait;
use callvault_core::port::catalog::CatalogResult;

use super::sql::{Engine, Query, Sql, Unit};

/// Writes something harmless.
pub(super) struct Touch;

#[async_trait]
impl Unit for Touch {
    type Output = ();

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<()> {
        let query = Query::new(
            "a trial write",
            "INSERT INTO counter (kind, last) VALUES ('probe', 1)
             ON CONFLICT (kind) DO UPDATE SET last = 1 - counter.last",
        );
        sql.execute(query).await?;
        Ok(())
    }
}

/// Each query finds rows that must not be and answers one sentence for each. Constraints keep most of them out; what is
/// looked for here is damage, and rows changed by other hands.
const FAULTS: [&str; 14] = [
    "SELECT 'recording ' || r.name || ' of customer ' || CAST(r.customer AS TEXT) || ' has no audio row'
     FROM recording r WHERE NOT EXISTS (SELECT 1 FROM audio a WHERE a.key = r.audio) LIMIT 100",
    "SELECT 'message ' || CAST(m.hunt_group AS TEXT) || '/' || CAST(m.level AS TEXT) || '/'
         || CAST(m.version AS TEXT) || ' has no audio row'
     FROM message m WHERE NOT EXISTS (SELECT 1 FROM audio a WHERE a.key = m.audio) LIMIT 100",
    "SELECT 'sound ' || CAST(s.id AS TEXT) || ' has no audio row'
     FROM sound s WHERE s.audio IS NOT NULL AND NOT EXISTS (SELECT 1 FROM audio a WHERE a.key = s.audio) LIMIT 100",
    "SELECT 'prompt ' || p.kind || '/' || CAST(p.feature AS TEXT) || '/' || p.file || ' has no audio row'
     FROM prompt p WHERE NOT EXISTS (SELECT 1 FROM audio a WHERE a.key = p.audio) LIMIT 100",
    "SELECT 'feature ' || p.kind || '/' || CAST(p.feature AS TEXT) || ' has prompts and is not there'
     FROM prompt p WHERE NOT EXISTS (SELECT 1 FROM feature f WHERE f.kind = p.kind AND f.id = p.feature)
     GROUP BY p.kind, p.feature LIMIT 100",
    "SELECT 'level ' || CAST(level AS TEXT) || ' of hunt group ' || CAST(hunt_group AS TEXT)
         || ' has more than one current message'
     FROM message WHERE current GROUP BY hunt_group, level HAVING COUNT(*) > 1 LIMIT 100",
    "SELECT 'hunt group ' || CAST(m.hunt_group AS TEXT) || ' has messages and is not there'
     FROM message m WHERE NOT EXISTS (SELECT 1 FROM hunt_group h WHERE h.id = m.hunt_group)
     GROUP BY m.hunt_group LIMIT 100",
    "SELECT 'audio ' || a.key || ' is needed by nothing and was not discarded'
     FROM audio a WHERE NOT EXISTS (SELECT 1 FROM recording r WHERE r.audio = a.key)
         AND NOT EXISTS (SELECT 1 FROM message m WHERE m.audio = a.key)
         AND NOT EXISTS (SELECT 1 FROM sound s WHERE s.audio = a.key)
         AND NOT EXISTS (SELECT 1 FROM prompt p WHERE p.audio = a.key) LIMIT 100",
    "SELECT 'audio ' || a.key || ' is needed and marked for removal at once'
     FROM audio a JOIN loose_object l ON l.key = a.key LIMIT 100",
    "SELECT 'person ' || CAST(p.id AS TEXT) || ' has no customer or no role'
     FROM person p WHERE NOT EXISTS (SELECT 1 FROM customer c WHERE c.id = p.customer)
         OR NOT EXISTS (SELECT 1 FROM role r WHERE r.id = p.role) LIMIT 100",
    "SELECT 'customer ' || CAST(c.id AS TEXT) || ' belongs below one that is not there'
     FROM customer c WHERE c.parent IS NOT NULL
         AND NOT EXISTS (SELECT 1 FROM customer p WHERE p.id = c.parent) LIMIT 100",
    "SELECT 'recording ' || r.name || ' of customer ' || CAST(r.customer AS TEXT) || ' is not joined with its first call'
     FROM recording r LEFT JOIN call_record c ON c.id = r.call
         AND c.customer = r.customer AND c.recording = r.name
     WHERE r.began_at <> COALESCE(c.started_at, r.stored_at)
         OR EXISTS (SELECT 1 FROM call_record e WHERE e.customer = r.customer AND e.recording = r.name
             AND (c.id IS NULL OR (e.started_at, e.id) < (c.started_at, c.id))) LIMIT 100",
    "SELECT 'recording ' || CAST(p.recording AS TEXT) || ' is in record group '
         || COALESCE(CAST(p.record_group AS TEXT), 'none') || ', and one of the two is not there, of another customer, or of another time'
     FROM recording_place p LEFT JOIN recording r ON r.id = p.recording LEFT JOIN record_group g ON g.id = p.record_group
     WHERE r.id IS NULL OR (g.id IS NULL AND p.record_group IS NOT NULL) OR r.customer <> g.customer OR r.began_at <> p.began_at LIMIT 100",
    "SELECT 'recording ' || r.name || ' of customer ' || CAST(r.customer AS TEXT) || ' is kept at no place'
     FROM recording r WHERE NOT EXISTS (SELECT 1 FROM recording_place p WHERE p.recording = r.id) LIMIT 100",
];

pub(super) async fn dangling_rows<E: Engine>(engine: &E) -> CatalogResult<Vec<String>> {
    let mut faults = Vec::new();
    for text in FAULTS {
        for mut row in engine.read(Query::new("checking the catalog", text)).await? {
            faults.push(row.text("check")?);
        }
    }
    Ok(faults)
}
