//! tmp
use sim::*;
fn load(f: &str) -> Vec<f64> {
    std::fs::read(format!("/tmp/cn/{f}.bin"))
        .unwrap()
        .chunks(8)
        .map(|c| f64::from_le_bytes(c.try_into().unwrap()))
        .collect()
}
fn main() {
    let n = IfCurrExp::liu_furber_2016();
    let mut net = Network::new();
    let src = net.add_source(784);
    let pop = |net: &mut Network, size| net.add_population(Population::new(size, n).unwrap());
    let c1 = pop(&mut net, 24 * 24 * 6);
    let p1 = pop(&mut net, 12 * 12 * 6);
    let c2 = pop(&mut net, 8 * 8 * 12);
    let p2 = pop(&mut net, 192);
    let o = pop(&mut net, 10);
    let d = 1.0;
    let conv = |m, c, f, k: &[f64]| {
        Synapses::Convolution(
            Convolution::new(
                ConvolutionShape {
                    map: [m, m],
                    channels: c,
                    kernel: [5, 5],
                    filters: f,
                    stride: [1, 1],
                    padding: [[0, 0], [0, 0]],
                },
                k,
            )
            .unwrap(),
        )
    };
    let meta: Vec<f64> =
        std::fs::read_to_string("/tmp/cn/pools").unwrap().split_whitespace().map(|x| x.parse().unwrap()).collect();
    net.add_projection(Projection::new(src, c1, d, conv(28, 1, 6, &load("K1"))).unwrap()).unwrap();
    net.add_projection(
        Projection::new(
            Pre::Population(c1),
            p1,
            d,
            Synapses::Pooling(Pooling::new([24, 24], 6, [2, 2], meta[0]).unwrap()),
        )
        .unwrap(),
    )
    .unwrap();
    net.add_projection(Projection::new(Pre::Population(p1), c2, d, conv(12, 6, 12, &load("K2"))).unwrap()).unwrap();
    net.add_projection(
        Projection::new(
            Pre::Population(c2),
            p2,
            d,
            Synapses::Pooling(Pooling::new([8, 8], 12, [2, 2], meta[1]).unwrap()),
        )
        .unwrap(),
    )
    .unwrap();
    net.add_projection(
        Projection::new(Pre::Population(p2), o, d, Synapses::Dense(Dense::new(192, 10, load("F")).unwrap())).unwrap(),
    )
    .unwrap();
    let mut s = Simulation::new(&net);
    let t = std::time::Instant::now();
    let mut ev = 0;
    for r in 0..10 {
        for i in 0..10 {
            let raw = load(&format!("spikes{i}"));
            let mut sp: Vec<Spike> = raw.chunks(2).map(|c| Spike { time: c[0] + 1.0, neuron: c[1] as u32 }).collect();
            // off-grid jitter on later repetitions
            if r > 0 {
                let mut st = StreamKey { seed: r, sample: i }.stream(0, 0, Purpose::SpikeTimes);
                for s in &mut sp {
                    s.time += (st.bits() >> 11) as f64 / 9007199254740992.0;
                }
                sp.sort_by(|a, b| a.time.total_cmp(&b.time));
            }
            let rec = s.run(&[Source::Spikes(sp)], StreamKey { seed: 1, sample: 0 }, 1003.0).unwrap();
            ev += rec.synaptic_events;
            if r == 0 && i == 0 {
                for p in &rec.populations {
                    println!("{} {}", p.total(), p.total() as f64 / p.counts.len() as f64);
                }
            }
        }
    }
    let e = t.elapsed().as_secs_f64();
    println!("{} events {:.3} s {:.1} M/s {:.2} ms/image", ev, e, ev as f64 / e / 1e6, e * 10.0);
}
