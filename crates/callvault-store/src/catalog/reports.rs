//! Targets of reports and the reports that wait for them.

use async_trait::async_trait;
use callvault_core::gate::Within;
use callvault_core::id::{CustomerId, PersonId, ReportId, TargetId};
use callvault_core::port::catalog::{CatalogResult, LeftPlace, Reports};
use callvault_core::report::{
    Channel, LATE_RECORDING_LIFE, PARKED_LIFE, PLACES_FOR_NOBODY, REPORT_LIFE, Rejections, Report, Target,
    TargetFailure, TargetState, WantedTarget,
};
use callvault_core::secret::Secret;
use callvault_core::time::Timestamp;

use super::SqlCatalog;
use super::calls;
use super::outbox;
use super::sql::{Engine, Query, Row, Sql, Unit, read_all, read_first};
use super::within::within;

/// The columns of a target in the order in which [`read`] takes them.
macro_rules! target_columns {
    () => {
        "t.id, t.person, t.customer, t.place, t.channel, t.address, t.format, t.kept_until, t.delivered,
         t.delivered_at, t.failed_at, t.failure"
    };
}

/// How many rows of a kind one commit makes, changes or deletes when nothing else bounds them: others wait for the writer.
const ROWS_AT_ONCE: u32 = 1000;

/// For how long after the end that is written a session counts as live: one that slid is written a minute late.
const SLID_UNWRITTEN_MS: i64 = 2 * 60 * 1000;

#[async_trait]
impl<E: Engine> Reports for SqlCatalog<E> {
    async fn targets(&self, within: &Within, id: Option<TargetId>) -> CatalogResult<Vec<TargetState>> {
        read_all(&self.engine, states(within, id), |row| {
            Ok(TargetState {
                target: read(row)?,
                waiting: row.number("waiting reports")?,
                waiting_since: row.optional_int("oldest report")?.map(Timestamp::from_unix_ms),
                parked: row.number("parked reports")?,
            })
        })
        .await
    }

    async fn report_target(&self, id: TargetId) -> CatalogResult<Option<Target>> {
        let query = Query::new(
            "reading a target",
            concat!("SELECT ", target_columns!(), " FROM report_target t WHERE t.id = $1"),
        )
        .with(id.0);
        read_first(&self.engine, query).await?.map(|mut row| read(&mut row)).transpose()
    }

    async fn targets_with_reports(&self) -> CatalogResult<Vec<Target>> {
        read_all(&self.engine, with_reports(), read).await
    }

    async fn reports(&self, target: TargetId, limit: u32) -> CatalogResult<Vec<Report>> {
        read_all(&self.engine, waiting(target, limit), |row| {
            let id = ReportId(row.int("report id")?);
            let due_at = Timestamp::from_unix_ms(row.int("report due_at")?);
            let times = row.number("report rejections")?;
            let first_at = row.optional_int("report rejected_at")?.map(Timestamp::from_unix_ms);
            let rejections = first_at.map(|first_at| Rejections { times, first_at });
            Ok(Report { id, call: calls::read(row)?, due_at, rejections })
        })
        .await
    }

    async fn report_delivered(&self, target: TargetId, report: ReportId, at: Timestamp) -> CatalogResult<()> {
        self.engine.write(Delivered { target, report, at }).await
    }

    async fn target_failed(&self, target: TargetId, failure: TargetFailure) -> CatalogResult<()> {
        self.engine.write(Failed { target, failure }).await
    }

    async fn report_rejected(
        &self,
        target: TargetId,
        report: ReportId,
        failure: TargetFailure,
    ) -> CatalogResult<()> {
        self.engine.write(Rejected { target, report, failure }).await
    }

    async fn park_report(
        &self,
        target: TargetId,
        report: ReportId,
        failure: TargetFailure,
    ) -> CatalogResult<()> {
        self.engine.write(Park { target, report, failure }).await
    }

    async fn resend_reports(&self, target: TargetId, at: Timestamp) -> CatalogResult<u64> {
        self.engine.write(Resend { target, at }).await
    }

    async fn release_overdue_calls(&self, now: Timestamp) -> CatalogResult<u64> {
        let query = Query::new(
            "looking for overdue calls",
            "SELECT call_record FROM awaited_recording WHERE due_at <= $1 LIMIT 1",
        )
        .with(now.unix_ms());
        // Asked every second; a write only when there is one to do.
        match read_first(&self.engine, query).await? {
            None => Ok(0),
            Some(_) => self.engine.write(ReleaseOverdue { now }).await,
        }
    }

    async fn tidy_reports(&self, now: Timestamp) -> CatalogResult<bool> {
        self.engine.write(Tidy { now }).await
    }
}

/// Targets with what waits for them. The oldest that waits is the first in line.
fn states(within: &Within, id: Option<TargetId>) -> Query {
    Query::new(
        "listing targets",
        concat!(
            "SELECT ",
            target_columns!(),
            ", (SELECT COUNT(*) FROM report r WHERE r.target = t.id AND r.parked_at IS NULL),
               (SELECT r.due_at FROM report r WHERE r.target = t.id AND r.parked_at IS NULL
                ORDER BY r.id LIMIT 1),
               (SELECT COUNT(*) FROM report r WHERE r.target = t.id AND r.parked_at IS NOT NULL)
             FROM report_target t WHERE (CAST($1 AS BIGINT) IS NULL OR t.id = $1) AND ",
            within!("t.customer", "$2", "$3"),
            " ORDER BY t.id"
        ),
    )
    .with(id.map(|id| id.0))
    .within(within)
}

fn with_reports() -> Query {
    Query::new(
        "looking for reports",
        concat!(
            "SELECT ",
            target_columns!(),
            " FROM report_target t WHERE EXISTS
                 (SELECT 1 FROM report r WHERE r.target = t.id AND r.parked_at IS NULL)
             ORDER BY t.id"
        ),
    )
}

fn waiting(target: TargetId, limit: u32) -> Query {
    Query::new(
        "reading reports",
        concat!(
            "SELECT r.report, r.due_at, r.rejections, r.rejected_at, ",
            calls::columns!(),
            " FROM call_record JOIN
                 (SELECT id AS report, due_at, rejections, rejected_at, call_record FROM report
                  WHERE target = $1 AND parked_at IS NULL ORDER BY id LIMIT $2) r ON r.call_record = id
             ORDER BY r.report"
        ),
    )
    .with(target.0)
    .with(limit)
}

fn read(row: &mut Row) -> CatalogResult<Target> {
    Ok(Target {
        id: TargetId(row.int("target id")?),
        person: PersonId(row.int("target person")?),
        customer: CustomerId(row.int("target customer")?),
        wanted: WantedTarget {
            place: row.text("target place")?,
            channel: row.parsed("target channel", Channel::parse)?,
            address: Secret::new(row.text("target address")?),
            format: row.text("target format")?,
        },
        kept_until: Timestamp::from_unix_ms(row.int("target kept_until")?),
        delivered: row.number("delivered reports")?,
        delivered_at: row.optional_int("target delivered_at")?.map(Timestamp::from_unix_ms),
        failure: {
            let at = row.optional_int("target failed_at")?;
            let reason = row.optional_text("target failure")?;
            at.zip(reason).map(|(at, reason)| TargetFailure { at: Timestamp::from_unix_ms(at), reason })
        },
    })
}

struct Delivered {
    target: TargetId,
    report: ReportId,
    at: Timestamp,
}

#[async_trait]
impl Unit for Delivered {
    type Output = ();

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<()> {
        let query = Query::new("ending a report", "DELETE FROM report WHERE id = $1").with(self.report.0);
        // Nothing to delete: an earlier run counted it.
        if sql.execute(query).await? > 0 {
            let query = Query::new(
                "counting a report",
                "UPDATE report_target SET delivered = delivered + 1, delivered_at = $2, failed_at = NULL,
                     failure = NULL
                 WHERE id = $1",
            )
            .with(self.target.0)
            .with(self.at.unix_ms());
            sql.execute(query).await?;
        }
        Ok(())
    }
}

struct Failed {
    target: TargetId,
    failure: TargetFailure,
}

#[async_trait]
impl Unit for Failed {
    type Output = ();

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<()> {
        fail(sql, self.target, &self.failure).await
    }
}

async fn fail(sql: &mut dyn Sql, target: TargetId, failure: &TargetFailure) -> CatalogResult<()> {
    let query = Query::new(
        "noting a failed report",
        "UPDATE report_target SET failed_at = $2, failure = $3 WHERE id = $1",
    )
    .with(target.0)
    .with(failure.at.unix_ms())
    .with(failure.reason.as_str());
    sql.execute(query).await?;
    Ok(())
}

struct Rejected {
    target: TargetId,
    report: ReportId,
    failure: TargetFailure,
}

#[async_trait]
impl Unit for Rejected {
    type Output = ();

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<()> {
        let query = Query::new(
            "counting a rejected report",
            "UPDATE report SET rejections = rejections + 1, rejected_at = COALESCE(rejected_at, $2)
             WHERE id = $1 AND parked_at IS NULL",
        )
        .with(self.report.0)
        .with(self.failure.at.unix_ms());
        sql.execute(query).await?;
        fail(sql, self.target, &self.failure).await
    }
}

struct Park {
    target: TargetId,
    report: ReportId,
    failure: TargetFailure,
}

#[async_trait]
impl Unit for Park {
    type Output = ();

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<()> {
        let query = Query::new(
            "setting a report aside",
            "UPDATE report SET parked_at = $2, reason = $3 WHERE id = $1 AND parked_at IS NULL",
        )
        .with(self.report.0)
        .with(self.failure.at.unix_ms())
        .with(self.failure.reason.as_str());
        sql.execute(query).await?;
        fail(sql, self.target, &self.failure).await
    }
}

struct Resend {
    target: TargetId,
    at: Timestamp,
}

#[async_trait]
impl Unit for Resend {
    type Output = u64;

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<u64> {
        let query = Query::new(
            "looking for parked reports",
            "SELECT id FROM report WHERE target = $1 AND parked_at IS NOT NULL AND parked_at <= $2
             ORDER BY id LIMIT $3",
        )
        .with(self.target.0)
        .with(self.at.unix_ms())
        .with(ROWS_AT_ONCE);
        let mut parked = Vec::new();
        for mut row in sql.fetch(query).await? {
            parked.push(row.int("report id")?);
        }
        let numbers = outbox::numbers(sql, parked.len()).await?;
        for (old, new) in parked.iter().zip(numbers) {
            let query = Query::new(
                "putting a report back",
                "UPDATE report SET id = $2, due_at = $3, parked_at = NULL, reason = NULL, rejections = 0,
                     rejected_at = NULL
                 WHERE id = $1",
            )
            .with(*old)
            .with(new)
            .with(self.at.unix_ms());
            sql.execute(query).await?;
        }
        Ok(parked.len() as u64)
    }
}

struct ReleaseOverdue {
    now: Timestamp,
}

#[async_trait]
impl Unit for ReleaseOverdue {
    type Output = u64;

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<u64> {
        let query = Query::new(
            "releasing overdue calls",
            "UPDATE awaited_recording SET due_at = NULL WHERE call_record IN
                 (SELECT call_record FROM awaited_recording WHERE due_at <= $1
                  ORDER BY due_at, call_record LIMIT $2)
             RETURNING customer, call_record",
        )
        .with(self.now.unix_ms())
        .with(ROWS_AT_ONCE);
        let mut overdue = Vec::new();
        for mut row in sql.fetch(query).await? {
            overdue.push((row.int("awaited customer")?, row.int("awaited call record")?));
        }
        // In the order in which they came, which is that of their ids within a customer, or nearly so.
        overdue.sort_unstable();
        for of_customer in overdue.chunk_by(|one, next| one.0 == next.0) {
            let calls: Vec<_> = of_customer.iter().map(|(_, call)| *call).collect();
            outbox::add(sql, CustomerId(of_customer[0].0), &calls, false, self.now).await?;
        }
        Ok(overdue.len() as u64)
    }
}

struct Tidy {
    now: Timestamp,
}

#[async_trait]
impl Unit for Tidy {
    type Output = bool;

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<bool> {
        let ago = |life: std::time::Duration| {
            let life = i64::try_from(life.as_millis()).unwrap_or(i64::MAX);
            self.now.unix_ms().saturating_sub(life)
        };
        let now = self.now.unix_ms();
        let old = Query::new(
            "setting old reports aside",
            "UPDATE report SET parked_at = $1, reason = 'it waited for a day' WHERE id IN
                 (SELECT id FROM report WHERE parked_at IS NULL AND due_at < $2 ORDER BY due_at LIMIT $3)",
        )
        .with(now)
        .with(ago(REPORT_LIFE));
        // What an operator sent again after that has its own day.
        let homeless = Query::new(
            "setting reports without a target aside",
            "UPDATE report SET parked_at = $1, reason = 'no session asked for it for a day' WHERE id IN
                 (SELECT r.id FROM report_target t JOIN report r ON r.target = t.id
                  WHERE t.kept_until <= $2 AND r.parked_at IS NULL AND r.due_at < t.kept_until LIMIT $3)",
        )
        .with(now)
        .with(now);
        let forgotten = Query::new(
            "forgetting parked reports",
            "DELETE FROM report WHERE id IN
                 (SELECT id FROM report WHERE parked_at < $1 ORDER BY parked_at LIMIT $2)",
        )
        .with(ago(PARKED_LIFE));
        let late = Query::new(
            "giving up recordings",
            "DELETE FROM awaited_recording WHERE call_record IN
                 (SELECT call_record FROM awaited_recording
                  WHERE awaited_since < $1 AND due_at IS NULL LIMIT $2)",
        )
        .with(ago(LATE_RECORDING_LIFE));
        let mut is_more = false;
        for query in [old, homeless, forgotten, late] {
            is_more |= sql.execute(query.with(ROWS_AT_ONCE)).await? >= u64::from(ROWS_AT_ONCE);
        }
        let targets = Query::new(
            "forgetting targets",
            "DELETE FROM report_target WHERE kept_until <= $1
                 AND NOT EXISTS (SELECT 1 FROM report r WHERE r.target = report_target.id)
                 AND NOT EXISTS (SELECT 1 FROM session s WHERE s.person = report_target.person
                     AND s.report_place = report_target.place)",
        )
        .with(now);
        sql.execute(targets).await?;
        Ok(is_more)
    }
}

/// Keeps a target for a session that lives until `expires_at`, as that session wants it; answers its number.
pub(super) async fn keep_target(
    sql: &mut dyn Sql,
    person: PersonId,
    customer: CustomerId,
    wanted: &WantedTarget,
    expires_at: Timestamp,
) -> CatalogResult<TargetId> {
    let kept_until = expires_at.after(REPORT_LIFE).unix_ms();
    let query = Query::new(
        "changing a target",
        "UPDATE report_target SET channel = $3, address = $4, format = $5,
             kept_until = CASE WHEN kept_until < $6 THEN $6 ELSE kept_until END
         WHERE person = $1 AND place = $2 RETURNING id",
    )
    .with(person.0)
    .with(wanted.place.as_str())
    .with(wanted.channel.as_str())
    .with(wanted.address.reveal())
    .with(wanted.format.as_str())
    .with(kept_until);
    if let Some(mut row) = sql.fetch_first(query).await? {
        return Ok(TargetId(row.int("target id")?));
    }
    let id = super::sql::number(sql, "report_target", None).await?;
    let query = Query::new(
        "adding a target",
        "INSERT INTO report_target (id, person, customer, place, channel, address, format, kept_until, delivered)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)",
    )
    .with(id)
    .with(person.0)
    .with(customer.0)
    .with(wanted.place.as_str())
    .with(wanted.channel.as_str())
    .with(wanted.address.reveal())
    .with(wanted.format.as_str())
    .with(kept_until);
    sql.execute(query).await.map_err(|error| error.gone("customer"))?;
    Ok(TargetId(id))
}

/// Keeps the target at a place as long as a session that lives longer, if there is one.
pub(super) async fn keep_longer(
    sql: &mut dyn Sql,
    person: PersonId,
    place: &str,
    expires_at: Timestamp,
) -> CatalogResult<()> {
    if place.is_empty() {
        return Ok(());
    }
    let query = Query::new(
        "keeping a target",
        "UPDATE report_target SET kept_until = $3 WHERE person = $1 AND place = $2 AND kept_until < $3",
    )
    .with(person.0)
    .with(place)
    .with(expires_at.after(REPORT_LIFE).unix_ms());
    sql.execute(query).await?;
    Ok(())
}

/// Leaves all but the newest places of a person that no live session asks for: each call is written for every place that
/// is kept, and logins may name as many as they like (`docs/yeastar.md` G24).
pub(super) async fn leave_oldest(sql: &mut dyn Sql, person: PersonId, at: Timestamp) -> CatalogResult<()> {
    let query = Query::new(
        "looking for places that nobody asks for",
        "SELECT t.place FROM report_target t WHERE t.person = $1 AND t.kept_until > $2 AND NOT EXISTS
             (SELECT 1 FROM session s WHERE s.person = $1 AND s.report_place = t.place AND s.expires_at > $3)
         ORDER BY t.kept_until DESC, t.id DESC LIMIT $4 OFFSET $5",
    )
    .with(person.0)
    .with(at.unix_ms())
    .with(at.unix_ms().saturating_sub(SLID_UNWRITTEN_MS))
    .with(ROWS_AT_ONCE)
    .with(PLACES_FOR_NOBODY);
    for mut row in sql.fetch(query).await? {
        let reason = "newer logins named too many other places".to_owned();
        let place = row.text("target place")?;
        leave(sql, &LeftPlace { person, place, left: TargetFailure { at, reason } }, None).await?;
    }
    Ok(())
}

/// Keeps a place no longer, unless another live session of its person is there. What waits there goes to `to`, or is set
/// aside. The rows decide, not who asks: a login may be committed while a logout is on its way.
pub(super) async fn leave(sql: &mut dyn Sql, left: &LeftPlace, to: Option<TargetId>) -> CatalogResult<()> {
    let at = left.left.at.unix_ms();
    let query = Query::new(
        "leaving a target",
        "UPDATE report_target SET kept_until = $3 WHERE person = $1 AND place = $2 AND NOT EXISTS
             (SELECT 1 FROM session s WHERE s.person = $1 AND s.report_place = $2 AND s.expires_at > $4)
         RETURNING id",
    )
    .with(left.person.0)
    .with(left.place.as_str())
    .with(at)
    .with(at.saturating_sub(SLID_UNWRITTEN_MS));
    let Some(mut row) = sql.fetch_first(query).await? else { return Ok(()) };
    let from = row.int("target id")?;
    let Some(to) = to else {
        let query = Query::new(
            "setting reports aside",
            "UPDATE report SET parked_at = $2, reason = $3 WHERE target = $1 AND parked_at IS NULL",
        )
        .with(from)
        .with(at)
        .with(left.left.reason.as_str());
        sql.execute(query).await?;
        return Ok(());
    };
    for (operation, text) in [
        (
            "ending reports that wait elsewhere",
            "DELETE FROM report WHERE target = $2 AND parked_at IS NOT NULL AND EXISTS
                 (SELECT 1 FROM report o WHERE o.target = $1 AND o.parked_at IS NULL
                      AND o.call_record = report.call_record AND o.is_whole = report.is_whole)",
        ),
        (
            "ending reports that wait there too",
            "DELETE FROM report WHERE target = $1 AND parked_at IS NULL AND EXISTS
                 (SELECT 1 FROM report o WHERE o.target = $2
                      AND o.call_record = report.call_record AND o.is_whole = report.is_whole)",
        ),
        ("moving reports", "UPDATE report SET target = $2 WHERE target = $1 AND parked_at IS NULL"),
    ] {
        sql.execute(Query::new(operation, text).with(from).with(to.0)).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use callvault_core::gate::{Gate, Kind, Principal, Verb};

    use super::*;
    use crate::catalog::query_plan;
    use crate::catalog::sqlite::Sqlite;

    /// What is asked every second and what operators ask must not walk the reports of a target, of which there may be
    /// millions, row by row.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn reports_are_found_and_counted_by_an_index() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("catalog.sqlite");
        let engine = Sqlite::open(&path).await.unwrap();
        let gate =
            Gate::new(crate::catalog::open_sqlite(&directory.path().join("other.sqlite")).await.unwrap());
        let within = gate.within(&Principal::local_owner(), Kind::Target, Verb::See).unwrap();
        let (waiting_index, aside_index) =
            ("INDEX report_waiting (target=?)", "INDEX report_set_aside (target=?)");
        for (query, expected) in [
            (with_reports(), vec![waiting_index]),
            (waiting(TargetId(1), 32), vec![waiting_index]),
            (states(&within, None), vec![waiting_index, waiting_index, aside_index]),
            (states(&within, Some(TargetId(1))), vec![waiting_index, waiting_index, aside_index]),
        ] {
            let told = query.text.clone();
            let steps = query_plan::steps(&engine, query).await;
            let of_reports =
                steps.iter().filter(|step| step.contains("report_waiting") || step.contains("report_set"));
            let found: Vec<_> = of_reports.collect();
            assert_eq!(found.len(), expected.len(), "{told}: {steps:#?}");
            for (step, expected) in found.iter().zip(expected) {
                assert!(step.contains(expected), "{told}: {steps:#?}");
            }
        }
        engine.close().await;
    }
}
