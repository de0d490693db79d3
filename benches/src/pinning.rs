//! Keeps the servers and the load generator on cores of their own, all servers on the same ones.

use anyhow::{Context, bail};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// How the cores are shared out.
#[derive(Clone)]
pub(crate) struct Pinning {
    servers: CpuSet,
    clients: CpuSet,
}

impl Pinning {
    /// The second half of the cores for the servers, or more by one; the first for the load generator.
    ///
    /// # Errors
    /// When there is but one core.
    pub(crate) fn halves() -> anyhow::Result<Pinning> {
        let all = sched_getaffinity(None).context("cannot read on which cores this runs")?;
        let cores: Vec<usize> = (0..CpuSet::MAX_CPU).filter(|core| all.is_set(*core)).collect();
        if cores.len() < 2 {
            bail!("there is but one core to run on");
        }
        let (clients, servers) = cores.split_at(cores.len() / 2);
        let set = |cores: &[usize]| {
            let mut set = CpuSet::new();
            cores.iter().for_each(|core| set.set(*core));
            set
        };
        Ok(Pinning { servers: set(servers), clients: set(clients) })
    }

    /// What this thread starts from here on, threads and processes, runs on the cores of the servers.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub(crate) fn for_servers(&self) -> anyhow::Result<()> {
        sched_setaffinity(None, &self.servers).context("cannot choose cores")
    }

    /// The same with the cores of the load generator, for this thread too.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub(crate) fn for_clients(&self) -> anyhow::Result<()> {
        sched_setaffinity(None, &self.clients).context("cannot choose cores")
    }

    /// In words, such as `servers on 1 core, load generator on 1`.
    pub(crate) fn words(&self) -> String {
        let (servers, clients) = (self.servers.count(), self.clients.count());
        format!("servers pinned to {servers} core(s), load generator to {clients} other(s)")
    }
}
