//! Times as a histogram: constant memory, cheap to record, within one part in 256.

/// Buckets per doubling.
const FINENESS: u32 = 128;
const FINENESS_BITS: u32 = FINENESS.trailing_zeros();

/// Times in nanoseconds.
#[derive(Clone, Debug)]
pub struct Latency {
    buckets: Vec<u64>,
    count: u64,
    max: u64,
}

impl Default for Latency {
    fn default() -> Latency {
        Latency {
            buckets: vec![0; ((65 - FINENESS_BITS) * FINENESS) as usize],
            count: 0,
            max: 0,
        }
    }
}

impl Latency {
    /// Counts one.
    pub fn record(&mut self, nanos: u64) {
        self.buckets[bucket(nanos)] += 1;
        self.count += 1;
        self.max = self.max.max(nanos);
    }

    /// Takes over what another one counted.
    pub fn add(&mut self, other: &Latency) {
        for (bucket, more) in self.buckets.iter_mut().zip(&other.buckets) {
            *bucket += more;
        }
        self.count += other.count;
        self.max = self.max.max(other.max);
    }

    /// The time in microseconds that `part` of all (0 to 1) do not exceed; 0 if there are none.
    pub fn quantile_micros(&self, part: f64) -> f64 {
        let rank = (part * self.count as f64).ceil().max(1.0) as u64;
        let mut seen = 0;
        for (at, count) in self.buckets.iter().enumerate() {
            seen += count;
            if seen >= rank {
                return middle(at).min(self.max as f64) / 1000.0;
            }
        }
        0.0
    }

    /// The quantiles of a report, each under its name.
    pub fn named(&self, of: &str) -> Vec<(String, f64)> {
        let mut named: Vec<_> = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p999", 0.999)]
            .iter()
            .map(|(name, part)| (format!("{of}_{name}_us"), self.quantile_micros(*part)))
            .collect();
        named.push((format!("{of}_max_us"), self.max as f64 / 1000.0));
        named
    }
}

fn bucket(nanos: u64) -> usize {
    let doubling = (64 - nanos.leading_zeros()).saturating_sub(FINENESS_BITS + 1);
    (u64::from(doubling * FINENESS) + (nanos >> doubling)) as usize
}

fn middle(bucket: usize) -> f64 {
    let fineness = FINENESS as usize;
    let doubling = (bucket / fineness).saturating_sub(1);
    let low = (bucket - doubling * fineness) << doubling;
    low as f64 + ((1u64 << doubling) - 1) as f64 / 2.0
}
