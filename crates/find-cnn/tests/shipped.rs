//! The network that ships, and a search that is followed.

use arcmin_find_cnn::CnnFinder;
use arcmin_maps::{Band, BandMap, Beam, Geometry, Map, Mask, Observation, Shape};
use arcmin_method::{ClusterFinder, Error, ScoreKind, Watch};
use arcmin_units::{Arcmin, Ghz, SkyPosition};
use std::cell::Cell;

/// Maps of the kind that the network knows, with nothing but a gradient in them.
fn observation(finder: &CnnFinder, side: usize) -> Observation {
    let sky = &finder.about().sky;
    let centre = SkyPosition::from_deg(20.0, -30.0).expect("a position");
    let geometry = Geometry::tile(centre, Shape { ny: side, nx: side }, Arcmin::new(sky.pixel_arcmin)).expect("a tile");
    let pixels: Vec<f32> = (0..side * side).map(|i| 1e-4 * i as f32).collect();
    let bands = sky.bands.iter().map(|band| Band {
        name: band.name.clone(),
        beam: Beam::Delta,
        noise_arcmin: Some(band.noise_uk_arcmin),
        map: BandMap::Temperature {
            nu: Ghz::new(band.nu_ghz),
            map: Map::new(geometry.clone(), pixels.clone()).expect("a map"),
        },
    });
    Observation::new(bands.collect(), Mask::all_valid(geometry.clone())).expect("bands")
}

#[derive(Default)]
struct Counted {
    passes: Cell<u64>,
    n_pieces: Cell<u64>,
    n_done: Cell<u64>,
    stop_after: Option<u64>,
}

impl Watch for Counted {
    fn begins(&self, what: &'static str, n_pieces: u64) {
        assert_eq!(what, "cutouts");
        self.passes.set(self.passes.get() + 1);
        self.n_pieces.set(n_pieces);
    }

    fn done(&self, n_pieces: u64) {
        self.n_done.set(self.n_done.get() + n_pieces);
    }

    fn stops(&self) -> bool {
        self.stop_after.is_some_and(|most| self.n_done.get() >= most)
    }
}

#[test]
fn shipped_network_is_read_and_searches_what_it_was_trained_for() {
    let finder = CnnFinder::shipped().expect("our own file");
    let trained = finder.about().trained.as_ref().expect("its training has ended");
    assert!(trained.f1_validation > 0.5 && trained.platt.slope > 0.0);
    let answer = finder.search(&observation(&finder, 80)).expect("maps of the kind it knows");
    assert!(answer.candidates.iter().all(|candidate| (0.0..=1.0).contains(&candidate.score)));
    assert_eq!(finder.score_kind(), ScoreKind::Probability);
}

#[test]
fn a_watch_hears_of_every_cutout_and_can_stop_the_search() {
    let finder = CnnFinder::shipped().expect("our own file");
    let observation = observation(&finder, 400);
    // 16 x 16 cutouts of 32 pixels, one every 24.
    let patient = Counted::default();
    let followed = finder.find_watched(&observation, &patient).expect("nobody stops it");
    assert_eq!((patient.passes.get(), patient.n_pieces.get(), patient.n_done.get()), (1, 256, 256));
    assert_eq!(followed, finder.find(&observation).expect("the same unwatched"));
    let hasty = Counted { stop_after: Some(1), ..Counted::default() };
    assert!(matches!(finder.find_watched(&observation, &hasty), Err(Error::Interrupted)));
    assert!(hasty.n_done.get() < 256);
}
