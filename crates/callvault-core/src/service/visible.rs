//! Lists in which not everybody sees every row.

use crate::error::Result;
use crate::page::PageRequest;
use crate::port::catalog::CatalogResult;

/// A page of the rows that may be seen, each told from others by its `key`. The others are passed over, so that a page is
/// full unless the list ends.
///
/// # Errors
/// Those of `read`.
pub(in crate::service) async fn visible_page<T, K, F>(
    mut page: PageRequest<K>,
    read: impl Fn(PageRequest<K>) -> F,
    key: impl Fn(&T) -> K,
    may_see: impl Fn(&T) -> bool,
) -> Result<Vec<T>>
where
    K: Clone,
    F: Future<Output = CatalogResult<Vec<T>>>,
{
    let limit = page.limit as usize;
    let mut visible = Vec::new();
    loop {
        let rows = read(page.clone()).await?;
        let end = rows.len() < limit;
        page.after = rows.last().map(&key);
        visible.extend(rows.into_iter().filter(|row| may_see(row)));
        if end || visible.len() >= limit {
            visible.truncate(limit);
            return Ok(visible);
        }
    }
}
