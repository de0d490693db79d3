//! The programs that the tests call, and how to come by them.
//!
//! Run before anything is compiled: as root on Debian the missing ones are installed, otherwise one line says what to install.
//! What comes from elsewhere is in a module of its own: [`crate::schemathesis`].

use std::ffi::OsStr;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::bail;

use crate::steps::run;

/// A program and the Debian package that brings it.
struct Tool {
    program: &'static str,
    package: &'static str,
}

/// Everything that a test starts besides callvault itself.
const TOOLS: &[Tool] = &[
    Tool { program: "callgrind_control", package: "valgrind" },
    Tool { program: "curl", package: "curl" },
    Tool { program: "file", package: "file" },
    Tool { program: "jq", package: "jq" },
    Tool { program: "node", package: "nodejs" },
    Tool { program: "openssl", package: "openssl" },
    // Every Debian has perl itself; json_pp tells that the modules are there as well.
    Tool { program: "json_pp", package: "perl" },
    Tool { program: "python3", package: "python3" },
    Tool { program: "sox", package: "sox" },
    Tool { program: "soxi", package: "sox" },
    Tool { program: "strace", package: "strace" },
    Tool { program: "valgrind", package: "valgrind" },
];

/// Makes sure that every tool is there.
///
/// # Errors
/// When a tool is missing and cannot be installed: not root, no apt-get, or apt-get failed.
pub(crate) fn provide() -> anyhow::Result<()> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut packages = missing_packages(&path);
    if !has_ensurepip() {
        packages.push("python3-venv");
    }
    if packages.is_empty() {
        return Ok(());
    }
    if !(is_root() && is_on_path("apt-get", &path)) {
        bail!("{}", advice(&packages));
    }
    println!("installing {}", packages.join(" "));
    run(apt_get().arg("update"))?;
    run(apt_get().args(["install", "-y", "--no-install-recommends"]).args(&packages))?;
    let mut still_missing = missing_packages(&path);
    if !has_ensurepip() {
        still_missing.push("python3-venv");
    }
    if !still_missing.is_empty() {
        bail!(
            "apt-get succeeded, but programs of these packages are not on the PATH: {}",
            still_missing.join(" ")
        );
    }
    Ok(())
}

/// Whether Python can make a virtual environment, which Debian packs apart from Python itself.
fn has_ensurepip() -> bool {
    let status = Command::new("python3").args(["-c", "import ensurepip"]).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// The one line for people without root.
fn advice(packages: &[&str]) -> String {
    format!(
        "the tests need programs that are missing; install them: sudo apt-get install {}",
        packages.join(" ")
    )
}

/// The packages of the tools that are not on `path`, sorted, each once.
fn missing_packages(path: &OsStr) -> Vec<&'static str> {
    let mut packages: Vec<&str> =
        TOOLS.iter().filter(|tool| !is_on_path(tool.program, path)).map(|tool| tool.package).collect();
    packages.sort_unstable();
    packages.dedup();
    packages
}

pub(crate) fn is_on_path(program: &str, path: &OsStr) -> bool {
    std::env::split_paths(path).any(|folder| is_executable(&folder.join(program)))
}

fn is_executable(file: &Path) -> bool {
    file.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

/// Whether this process runs as root: /proc/self belongs to the effective user.
pub(crate) fn is_root() -> bool {
    Path::new("/proc/self").metadata().is_ok_and(|metadata| metadata.uid() == 0)
}

pub(crate) fn apt_get() -> Command {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_is_missing_until_an_executable_file_has_its_name() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().as_os_str();
        assert_eq!(missing_packages(path).len(), TOOLS.len() - 2, "sox and valgrind have two programs each");

        let program = folder.path().join("curl");
        fs_err::write(&program, "#!/bin/sh\n").expect("a file");
        fs_err::set_permissions(&program, PermissionsExt::from_mode(0o644)).expect("its mode");
        assert!(!is_on_path("curl", path), "a file that cannot be run is not the program");
        fs_err::set_permissions(&program, PermissionsExt::from_mode(0o755)).expect("its mode");
        assert!(is_on_path("curl", path));
        assert!(!missing_packages(path).contains(&"curl"));

        fs_err::create_dir(folder.path().join("jq")).expect("a folder");
        assert!(!is_on_path("jq", path), "a folder is not the program");
    }

    #[test]
    fn the_advice_is_one_line_to_paste() {
        let text = advice(&["curl", "sox"]);
        assert!(text.ends_with("sudo apt-get install curl sox"), "{text}");
        assert!(!text.contains('\n'), "{text}");
    }
}
