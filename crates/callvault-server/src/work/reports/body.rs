//! A report as its target reads it.

use callvault_core::call::CallRecord;
use callvault_core::customer::Customer;
use callvault_core::time::Zone;
use callvault_wire::yeastar::call::CallRow;
use callvault_wire::yeastar::event::boot_up::boot_up;
use callvault_wire::yeastar::event::new_cdr::new_cdr;
use callvault_wire::yeastar::request::ReportFormat;
use callvault_wire::yeastar::time::CivilTime;

/// `NewCdr` for a call of the customer; `None` if the customer's zone is none, or the call began outside of all
/// calendars. Neither gets into the catalog.
pub(super) fn of_call(customer: &Customer, call: &CallRecord, format: &str) -> Option<Vec<u8>> {
    let zone = Zone::named(&customer.timezone)?;
    let started_at = CivilTime::of(zone.shown(call.started_at))?;
    let row = CallRow::new(call, started_at, &customer.serial);
    Some(new_cdr(&row, read(format)))
}

/// An event that tells of no call.
pub(super) fn of_trial(serial: &str, format: &str) -> Vec<u8> {
    boot_up(serial, read(format))
}

fn read(format: &str) -> ReportFormat {
    ReportFormat::parse(format).unwrap_or_default()
}
