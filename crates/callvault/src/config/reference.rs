//! The reference of all settings, from their definitions.

use std::fmt::Write as _;

use super::KEYS;

const INTRODUCTION: &str = "# Configuration

A setting comes from a TOML file (`--config FILE` or `CALLVAULT_CONFIG`), from the environment, or from the command
line; each counts more than the one before. `callvault config show --sources` prints what is in effect and where it comes
from. A key that does not exist, or a value that cannot be read, stops the command before it does anything, and all
mistakes are listed at once.

- In the file, the part before the dot is an area: `[limits]`, then `largest_message = \"20MiB\"`. Lists are arrays.
- In the environment, lists have commas between their items.
- On the command line, every setting can be given as `--set KEY=VALUE`; `serve` and `demo` have options for the common ones.
- Sizes have a unit (`B`, `kB`, `KiB`, `MB`, `MiB`, `GB`, `GiB`, `TB`, `TiB`), and so have spans of time (`ms`, `s`,
  `m`, `h`, `d`).

This page is made by `callvault config reference`.
";

/// The page `docs/config.md`.
pub(crate) fn reference() -> String {
    let mut page = INTRODUCTION.to_owned();
    let mut area = None;
    for key in KEYS {
        let own_area = key.name.split_once('.').map_or("", |(area, _)| area);
        if area != Some(own_area) {
            area = Some(own_area);
            let title = if own_area.is_empty() { "The server".to_owned() } else { format!("`[{own_area}]`") };
            write!(page, "\n## {title}\n\n| key | default | environment | meaning |\n|---|---|---|---|\n")
                .expect("writing to a string cannot fail");
        }
        let default = if key.default.is_empty() { "none".to_owned() } else { format!("`{}`", key.default) };
        writeln!(page, "| `{key}` | {default} | `{}` | {} |", key.variable(), key.help.trim())
            .expect("writing to a string cannot fail");
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_in_the_repository_is_current() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/config.md");
        let page = fs_err::read_to_string(path).unwrap();
        assert!(page == reference(), "run: callvault config reference > docs/config.md");
    }
}
