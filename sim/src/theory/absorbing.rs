//! What a Markov chain collects until it is absorbed, by elimination without subtraction.

/// A Markov chain on `exit.len()` states that ends.
#[derive(Debug, Clone)]
pub(super) struct AbsorbingChain {
    /// Probability of going from state i to state j, at i n + j. The diagonal is not read: it follows from the rest.
    pub(super) step: Vec<f64>,
    /// Probability of being absorbed in the next step, from each state.
    pub(super) exit: Vec<f64>,
}

impl AbsorbingChain {
    /// Expected sum, from each start, of what the visited states give: solves x = reward + P x for each kind of reward.
    ///
    /// Grassmann, Taksar & Heyman (1985), "Regenerative analysis and steady state distributions for Markov chains": states are
    /// taken out one after the other, and the diagonal is never formed as one minus the rest. All terms are positive, so
    /// that each result is right to nearly all digits, however seldom the chain ends.
    ///
    /// * `reward`: zero or more; of kind c in state i at i `kinds` + c. The result has the same order
    pub(super) fn expected_totals(mut self, mut reward: Vec<f64>, kinds: usize) -> Vec<f64> {
        let n = self.exit.len();
        let mut leave = vec![0.0; n];
        for k in (0..n).rev() {
            let (above, below) = self.step.split_at_mut(k * n);
            let last = &below[..k];
            leave[k] = self.exit[k] + last.iter().sum::<f64>();
            let (earlier, gained) = reward.split_at_mut(k * kinds);
            let gained = &gained[..kinds];
            for i in 0..k {
                let row = &mut above[i * n..i * n + n];
                let factor = row[k] / leave[k];
                if factor == 0.0 {
                    continue;
                }
                row.iter_mut().zip(last).for_each(|(to, p)| *to += factor * p);
                earlier[i * kinds..(i + 1) * kinds].iter_mut().zip(gained).for_each(|(to, r)| *to += factor * r);
                self.exit[i] += factor * self.exit[k];
            }
        }
        for (k, leave) in leave.into_iter().enumerate() {
            let (done, rest) = reward.split_at_mut(k * kinds);
            let total = &mut rest[..kinds];
            for (i, from) in done.chunks_exact(kinds).enumerate() {
                let p = self.step[k * n + i];
                total.iter_mut().zip(from).for_each(|(to, x)| *to += p * x);
            }
            total.iter_mut().for_each(|x| *x /= leave);
        }
        reward
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_to_leave_a_line() {
        // A fair walk on n sites, reflected at the left and absorbed at the right: (n^2 - i^2) + (n - i) steps from
        // site i, which is left with probability 1/2 to each side; at site 0 half the steps stay.
        let n = 30;
        let mut step = vec![0.0; n * n];
        for i in 0..n {
            if i > 0 {
                step[i * n + i - 1] = 0.5;
            }
            if i + 1 < n {
                step[i * n + i + 1] = 0.5;
            }
        }
        let mut exit = vec![0.0; n];
        exit[n - 1] = 0.5;
        let total = AbsorbingChain { step, exit }.expected_totals(vec![1.0; n], 1);
        for (i, x) in total.iter().enumerate() {
            let (n, i) = (n as f64, i as f64);
            let want = n * n - i * i + n - i;
            assert!((x / want - 1.0).abs() < 1e-13, "{i}: {x} instead of {want}");
        }
    }

    #[test]
    fn rare_exits_keep_their_digits() {
        // Two states that change places; only the second ends, with probability 1e-200. From the first it takes
        // 2e200 steps and one more, and half of them are spent in each.
        let chain = AbsorbingChain { step: vec![0.0, 1.0, 1.0, 0.0], exit: vec![0.0, 1e-200] };
        let total = chain.expected_totals(vec![1.0, 1.0, 1.0, 0.0], 2);
        assert!((total[0] / 2e200 - 1.0).abs() < 1e-14 && (total[1] / 1e200 - 1.0).abs() < 1e-14, "{total:?}");
    }
}
