//! The finder made of two toy finders.

use arcmin_find_ensemble::{Combination, CutoutEvidence, CutoutGrid, EnsembleFinder, Error, Kind, LabelledCutout};
use arcmin_maps::{Band, BandMap, Beam, Geometry, Map, Mask, Observation, PixelPosition, Shape};
use arcmin_method::conformance::check_finder;
use arcmin_method::{Candidate, ClusterFinder, Detections, Measured, SizeMeasured};
use arcmin_units::{Arcmin, Ghz, SkyPosition};

const SIDE: usize = 104;
const PIXEL_ARCMIN: f64 = 0.25;

fn geometry() -> Geometry {
    let centre = SkyPosition::from_deg(120.0, 30.0).expect("a position");
    Geometry::tile(centre, Shape { ny: SIDE, nx: SIDE }, Arcmin::new(PIXEL_ARCMIN)).expect("a tile")
}

/// Candidates `(x, y, score)` wherever the mask lets them; `border` pixels at the edge are not searched.
#[derive(Clone)]
struct Told {
    name: &'static str,
    candidates: Vec<(f64, f64, f64)>,
    border: usize,
    n_bands: usize,
}

impl ClusterFinder for Told {
    fn name(&self) -> &str {
        self.name
    }

    fn find(&self, observation: &Observation) -> Result<Detections, arcmin_method::Error> {
        if observation.bands().len() < self.n_bands {
            let source = format!("needs {} bands", self.n_bands).into();
            return Err(arcmin_method::Error::Method { method: self.name.to_owned(), source });
        }
        let mut searched = observation.mask().clone();
        let inside = |at: usize| at >= self.border && at + self.border < SIDE;
        for (idx, valid) in searched.valid_mut().iter_mut().enumerate() {
            *valid &= inside(idx % SIDE) && inside(idx / SIDE);
        }
        let is_searched =
            |&&(x, y, _): &&(f64, f64, f64)| searched.valid()[y.round() as usize * SIDE + x.round() as usize];
        let y_c = Measured { value: 1e-5, error: 1e-6 };
        let size = SizeMeasured { template: self.name.to_owned(), scale_arcmin: 0.5, y_c };
        let candidate = |&(x, y, score): &(f64, f64, f64)| {
            let position = observation.geometry().pix_to_sky(PixelPosition { x, y }).expect("on the map");
            Candidate { best: Some(size.clone()), ..Candidate::new(position, score) }
        };
        let mut candidates: Vec<Candidate> = self.candidates.iter().filter(is_searched).map(candidate).collect();
        candidates.sort_by(|a, b| b.score.total_cmp(&a.score));
        Ok(Detections { candidates, searched })
    }
}

fn observation() -> Observation {
    let band = |name: &str, nu_ghz| Band {
        name: name.to_owned(),
        beam: Beam::Delta,
        noise_arcmin: Some(1.0),
        map: BandMap::Temperature {
            nu: Ghz::new(nu_ghz),
            map: Map::new(geometry(), vec![0.0; SIDE * SIDE]).expect("a map"),
        },
    };
    Observation::new(vec![band("90", 90.0), band("148", 148.0)], Mask::all_valid(geometry())).expect("two bands")
}

/// Middles of the cutouts lie at 15.5 + 24 i.
fn peaks() -> Told {
    let candidates =
        vec![(14.0, 20.0, 9.0), (20.0, 12.0, 5.0), (40.0, 40.0, 7.0), (63.0, 15.0, 4.0), (101.0, 60.0, 8.0)];
    Told { name: "peaks", candidates, border: 2, n_bands: 1 }
}

fn cutouts() -> Told {
    let candidates = vec![(15.5, 15.5, 0.8), (39.5, 39.5, 0.1), (87.5, 87.5, 0.9), (15.5, 63.5, 0.3)];
    Told { name: "cutouts", candidates, border: 0, n_bands: 2 }
}

/// The peaks' scale is 0.5'.
fn scores(first: Option<f64>, second: Option<f64>, from_middle_arcmin: f64) -> CutoutEvidence {
    let scale_arcmin = first.map(|_| 0.5);
    CutoutEvidence { first, second, scale_arcmin, from_middle_arcmin: first.map(|_| from_middle_arcmin) }
}

fn labelled() -> Vec<LabelledCutout> {
    let one = |first, second, is_target| {
        let from_middle_arcmin = if is_target { 0.5 } else { 3.0 };
        let of_scale = |scores: CutoutEvidence| CutoutEvidence {
            scale_arcmin: scores.scale_arcmin.map(|scale| if is_target { scale } else { 2.0 * scale }),
            ..scores
        };
        LabelledCutout { evidence: of_scale(scores(first, second, from_middle_arcmin)), weight: 1.0, is_target }
    };
    vec![
        one(Some(9.0), Some(0.8), true),
        one(Some(6.0), Some(0.5), true),
        one(Some(7.0), None, true),
        one(Some(8.0), Some(0.1), false),
        one(Some(3.0), Some(0.9), false),
        one(None, Some(0.4), false),
        LabelledCutout { weight: 40.0, ..one(None, None, false) },
    ]
}

fn finder(kind: Kind, first: Told, second: Told) -> EnsembleFinder {
    let fitted = Combination::fit(kind, &labelled()).expect("cutouts of both kinds");
    EnsembleFinder::new(Box::new(first), Box::new(second), fitted, CutoutGrid::default()).expect("a grid")
}

#[test]
fn each_combination_keeps_the_contract() {
    for kind in Kind::ALL {
        let finder = finder(kind, peaks(), cutouts());
        assert_eq!(finder.name(), kind.name());
        check_finder(&finder, &observation());
        let mut holed = observation().mask().clone();
        holed.valid_mut()[30 * SIDE..45 * SIDE].fill(false);
        let holed = Observation::new(observation().bands().to_vec(), holed).expect("the same pixels");
        check_finder(&finder, &holed);
    }
}

#[test]
fn a_cutout_has_one_candidate_where_the_first_finder_has_it() {
    let fitted = Combination::fit(Kind::Calibrated, &labelled()).expect("cutouts of both kinds");
    let answer = finder(Kind::Calibrated, peaks(), cutouts()).find(&observation()).expect("two bands");
    let at = |candidate: &Candidate| {
        let pixel = geometry().sky_to_pix(candidate.position).expect("on the map");
        let name = candidate.best.as_ref().map(|size| size.template.clone()).expect("measured");
        ([(pixel.x * 2.0).round() / 2.0, (pixel.y * 2.0).round() / 2.0], name)
    };
    let mut shown: Vec<_> = answer.candidates.iter().map(|c| (at(c), (c.score * 1e9).round())).collect();
    shown.sort_by(|a, b| a.0.0.partial_cmp(&b.0.0).expect("numbers"));
    let score = |first, second, from_middle_pixels: f64| {
        let score = fitted.score(&scores(first, second, PIXEL_ARCMIN * from_middle_pixels)).expect("a probability");
        (score * 1e9).round()
    };
    // (20, 12) is the weaker one of its cutout; (101, 60) lies in the last cutout's rim, beyond all middles; the peak at
    // (63, 15) has no cutout of the second finder, those at (15.5, 63.5) and (87.5, 87.5) no peak.
    let expected = [
        (([14.0, 20.0], "peaks".to_owned()), score(Some(9.0), Some(0.8), 1.5f64.hypot(4.5))),
        (([15.5, 63.5], "cutouts".to_owned()), score(None, Some(0.3), 0.0)),
        (([40.0, 40.0], "peaks".to_owned()), score(Some(7.0), Some(0.1), 0.5f64.hypot(0.5))),
        (([63.0, 15.0], "peaks".to_owned()), score(Some(4.0), None, 0.5f64.hypot(0.5))),
        (([87.5, 87.5], "cutouts".to_owned()), score(None, Some(0.9), 0.0)),
    ];
    assert_eq!(shown, expected);
    assert!(score(Some(9.0), Some(0.8), 0.0) > score(Some(9.0), Some(0.8), 9.0), "place tells something here");
}

#[test]
fn and_drops_cutouts_that_lack_what_it_asks_for() {
    let answer = finder(Kind::And, peaks(), cutouts()).find(&observation()).expect("two bands");
    let Combination::And(and) = Combination::fit(Kind::And, &labelled()).expect("cutouts of both kinds") else {
        panic!("asked for and");
    };
    assert_eq!((and.first_min, and.second_min), (Some(6.0), None), "three found, one wrong: F1 6/7");
    let scores: Vec<f64> = answer.candidates.iter().map(|candidate| candidate.score).collect();
    assert_eq!(scores, [9.0 / 6.0, 7.0 / 6.0, 4.0 / 6.0], "the second finder is not asked, the first must have one");
}

#[test]
fn what_one_of_them_did_not_search_is_not_searched() {
    let finder = finder(Kind::RankProduct, Told { border: 20, ..peaks() }, cutouts());
    let answer = finder.find(&observation()).expect("two bands");
    // Of the four cutouts along an axis, whose middles begin at 4, 28, 52 and 76, the first has its last 8 of 24 pixels searched,
    // the last its first 8.
    assert_eq!(answer.searched.n_valid(), 48 * 48);
    assert_eq!(answer.candidates.len(), 1);
}

#[test]
fn bad_grids_and_answers_on_other_pixels_are_refused() {
    let fitted = Combination::fit(Kind::And, &labelled()).expect("cutouts of both kinds");
    let grid = CutoutGrid { side_arcmin: 4.0, stride_arcmin: 6.0 };
    let refused = EnsembleFinder::new(Box::new(peaks()), Box::new(cutouts()), fitted.clone(), grid).err();
    assert_eq!(refused, Some(Error::BadGrid { side_arcmin: 4.0, stride_arcmin: 6.0 }));

    struct Elsewhere;
    impl ClusterFinder for Elsewhere {
        fn name(&self) -> &str {
            "elsewhere"
        }
        fn find(&self, _: &Observation) -> Result<Detections, arcmin_method::Error> {
            let centre = SkyPosition::from_deg(10.0, 0.0).expect("a position");
            let geometry = Geometry::tile(centre, Shape { ny: 9, nx: 9 }, Arcmin::new(1.0)).expect("a tile");
            Ok(Detections { candidates: Vec::new(), searched: Mask::all_valid(geometry) })
        }
    }
    let finder = EnsembleFinder::new(Box::new(peaks()), Box::new(Elsewhere), fitted, CutoutGrid::default());
    let error = finder.expect("a grid").find(&observation()).expect_err("other pixels").to_string();
    assert_eq!(
        error,
        "and: elsewhere answered on other pixels than those of the observation: the two finders must search the same map"
    );
}
