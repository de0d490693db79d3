//! The servers that Callvault is compared with, and how to come by them.
//!
//! As [`crate::tools`], but apart: nobody needs them to run the tests. Debian starts a server that it installs, and again at each
//! boot; here it does neither, as the benchmark starts its own.

use std::path::Path;
use std::process::Command;

use anyhow::bail;

use crate::steps::run;
use crate::tools::{apt_get, is_on_path, is_root};

/// A file, and the Debian package that brings it.
struct Peer {
    file: &'static str,
    package: &'static str,
}

const PEERS: &[Peer] = &[
    Peer { file: "/usr/sbin/nginx", package: "nginx" },
    Peer { file: "/usr/lib/nginx/modules/ngx_http_lua_module.so", package: "libnginx-mod-http-lua" },
];

/// What Debian asks before it starts a service; 101 is no
/// (<https://people.debian.org/~hmh/invokerc.d-policyrc.d-specification.txt>).
const POLICY: &str = "/usr/sbin/policy-rc.d";

/// Makes sure that every peer is there.
///
/// # Errors
/// When one is missing and cannot be installed: not root, no apt-get, or apt-get failed.
pub(crate) fn provide() -> anyhow::Result<()> {
    let packages = missing_packages(Path::new("/"));
    if packages.is_empty() {
        return Ok(());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    if !(is_root() && is_on_path("apt-get", &path)) {
        bail!("the benchmark needs its peers; install them: sudo apt-get install {}", packages.join(" "));
    }
    println!("installing {}", packages.join(" "));
    run(apt_get().arg("update"))?;
    let install = || {
        run(apt_get().args(["install", "-y", "--no-install-recommends"]).args(&packages))?;
        if packages.contains(&"nginx") {
            run(Command::new("update-rc.d").args(["nginx", "disable"]))?;
        }
        anyhow::Ok(())
    };
    without_services(Path::new(POLICY), install)?;
    let still_missing = missing_packages(Path::new("/"));
    if !still_missing.is_empty() {
        bail!("apt-get succeeded, but files of these packages are missing: {}", still_missing.join(" "));
    }
    Ok(())
}

/// Runs `install` while services may not be started, unless the machine has a policy of its own.
fn without_services(policy: &Path, install: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    if policy.exists() {
        return install();
    }
    fs_err::write(policy, "#!/bin/sh\nexit 101\n")?;
    fs_err::set_permissions(policy, PermissionsExt::from_mode(0o755))?;
    let result = install();
    fs_err::remove_file(policy)?;
    result
}

fn missing_packages(root: &Path) -> Vec<&'static str> {
    PEERS
        .iter()
        .filter(|peer| !root.join(peer.file.trim_start_matches('/')).is_file())
        .map(|peer| peer.package)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_is_missing_until_its_file_is_there() {
        let root = tempfile::tempdir().expect("a temporary folder");
        assert_eq!(missing_packages(root.path()), ["nginx", "libnginx-mod-http-lua"]);
        fs_err::create_dir_all(root.path().join("usr/sbin")).expect("a folder");
        fs_err::write(root.path().join("usr/sbin/nginx"), "").expect("a file");
        assert_eq!(missing_packages(root.path()), ["libnginx-mod-http-lua"]);
    }

    #[test]
    fn services_are_held_only_during_the_installation() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let policy = folder.path().join("policy-rc.d");
        without_services(&policy, || {
            let status = Command::new(&policy).status().expect("it can be run");
            assert_eq!(status.code(), Some(101));
            Ok(())
        })
        .expect("installed");
        assert!(!policy.exists());
        without_services(&policy, || bail!("no network")).expect_err("apt-get failed");
        assert!(!policy.exists(), "removed after a failure too");
    }
}
