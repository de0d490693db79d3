//! schemathesis, which holds the server to the description of its API: from PyPI, in a virtual environment of its own
//! below the target directory.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use crate::cargo::root;
use crate::steps::run;

/// Its version and those of everything that it needs.
const PACKAGES: &str = include_str!("schemathesis.txt");

/// Makes sure that it is there, in these versions, and says where its program is.
///
/// # Errors
/// When Python cannot make the environment, or the packages cannot be fetched.
pub(crate) fn provide() -> anyhow::Result<PathBuf> {
    let folder = folder();
    let (program, installed) = (folder.join("bin/schemathesis"), folder.join("installed.txt"));
    // Written last, so that an installation that broke off is begun again.
    if program.exists() && fs_err::read_to_string(&installed).is_ok_and(|text| text == PACKAGES) {
        return Ok(program);
    }
    println!("installing schemathesis from PyPI into {}", folder.display());
    if folder.exists() {
        fs_err::remove_dir_all(&folder)?;
    }
    fs_err::create_dir_all(&folder)?;
    let list = folder.join("packages.txt");
    fs_err::write(&list, PACKAGES)?;
    run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    run(&mut install(&folder, &list)).context("schemathesis comes from PyPI; is it in reach?")?;
    fs_err::write(&installed, PACKAGES)?;
    Ok(program)
}

/// Where it lies: below the target directory, whichever that is.
fn folder() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
    root().join(target).join("tools/schemathesis")
}

/// Fetches wheels alone: nothing of a package runs while it is installed.
fn install(folder: &Path, list: &Path) -> Command {
    let mut command = Command::new(folder.join("bin/python"));
    command.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]);
    command.args(["--only-binary", ":all:", "--requirement"]).arg(list);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_package_has_one_version() {
        let lines: Vec<_> = PACKAGES.lines().filter(|line| !line.starts_with('#')).collect();
        assert!(lines.iter().any(|line| line.starts_with("schemathesis==4.")));
        for line in lines {
            assert_eq!(line.split("==").count(), 2, "{line}");
        }
    }
}
