"""The systems' benchmark: what is found, chosen and judged, on outcomes and samples that can be worked out by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest

from penumbra.benchmarks.occlusion_methods import Method, Networks
from penumbra.benchmarks.occlusion_scores import NOT_TRIED, Score
from penumbra.benchmarks.occlusion_sets import Size
from penumbra.benchmarks.occlusion_suite import Outcome
from penumbra.benchmarks.systems_calibration import (
    KINDS,
    Honesty,
    Kind,
    Measured,
    draw_reliability,
    honesty,
    honesty_figures,
    honesty_table,
)
from penumbra.benchmarks.systems_cost import Cost, cost, draw_costs, parameters
from penumbra.benchmarks.systems_figures import (
    best_at_sparsest,
    excess_figures,
    graph_figures,
    graph_pair,
    left_out_figures,
    ranked,
    sparse_figures,
)
from penumbra.benchmarks.systems_methods import (
    BASELINES,
    GRAPHS,
    LIFTING,
    PPT,
    RECOMMENDED_PAIR,
    S3,
    SYSTEMS,
    VARIANTS,
    Shelf,
    method_of,
)
from penumbra.benchmarks.systems_run import (
    FULL,
    HARD,
    QUICK,
    RANDOM,
    SPARSEST,
    Effort,
    try_held_out,
    try_judged,
    try_left_out,
)
from penumbra.benchmarks.systems_tables import (
    ablation_table,
    best_table,
    cost_table,
    errors,
    random_table,
    suite_tables,
    tried,
)
from penumbra.errors import SetupError
from penumbra.inference.body import rest_joints
from penumbra.inference.confidence import Calibration, SpreadFit, as_told
from penumbra.inference.lifted import Lifted
from penumbra.inference.sightings import Sightings
from penumbra.models.skeletons import BONE_NAMES, JOINTS
from penumbra.training.bodies import mean_body
from penumbra.training.clips import Clip
from penumbra.training.occlusion import SUITE, Clean, Frames
from penumbra.training.spread_samples import Sample, SampleSettings

_COUNT = len(JOINTS)
_GRAPH = GRAPHS[0]


def score(clean: float, hidden: float) -> Score:
    return Score(everything=hidden, visible=clean, hidden=hidden, aligned=0.8 * clean, clean=clean)


def outcome_of(hidden: Mapping[str, Sequence[float]], clean: float = 50.0) -> Outcome:
    """Every method's error on hidden joints of three trials at every occlusion; fewer where it was tried on fewer."""
    scores = {}
    for name, values in hidden.items():
        missing = [NOT_TRIED] * (3 - len(values))
        for protocol in (*RANDOM, *HARD):
            scores[protocol.name, name] = [*(score(clean, value) for value in values), *missing]
        nothing = Score(clean, clean, float("nan"), 0.8 * clean, float("nan"))
        scores["clean", name] = [*(nothing for _ in values), *missing]
    return Outcome(("a", "b", "c"), scores)


def usual(**changes: Sequence[float]) -> Outcome:
    """S3 errs less than the baselines, and the graph less than S3 where it was tried."""
    found = {method.name: [150.0] * 3 for method in BASELINES} | {"S3": [90.0] * 3, "DTF-81": [80.0] * 3}
    return outcome_of(found | {"S3 + graph": [72.0], "DTF-81 + graph": [78.0]} | changes)


def values(figures: list) -> dict[str, float]:
    return {figure.name: figure.value for figure in figures}


def test_the_best_system_errs_least_on_hidden_joints_where_all_were_tried():
    outcome = usual(**{"DTF-81": [80.0, 80.0, 80.0], "S3": [120.0, 75.0, 75.0]})
    # over its own single clip the graph errs less than S3 does there, though S3's mean is less
    assert [method.name for method in ranked(outcome, [S3, _GRAPH, LIFTING[2]])] == ["S3 + graph", "DTF-81", "S3"]


def test_excess_is_judged_against_the_best_baseline():
    found = excess_figures(usual(), S3)
    # 90 - 50 over 150 - 50
    assert [figure.value for figure in found] == pytest.approx([0.4] * 3)
    assert {figure.verdict for figure in found} == {"ok"}
    assert found[0].name == "excess_W_30_3_held-out"
    assert {figure.verdict for figure in excess_figures(usual(S3=[110.0] * 3), S3)} == {"short"}


def test_sparse_sights_are_judged_against_clean_and_against_s3():
    found = values(sparse_figures(usual(), [S3, LIFTING[2]]))
    assert found == pytest.approx({"R_16_over_clean": 80.0 / 50.0, "R_16_over_S3": 80.0 / 90.0})
    # alone, S3 has nobody to be compared with
    assert list(values(sparse_figures(usual(), [S3]))) == ["R_16_over_clean"]
    # where S3 is the best, the other is still told
    found = values(sparse_figures(usual(S3=[70.0] * 3), [S3, LIFTING[2]]))
    assert found == pytest.approx({"R_16_over_clean": 70.0 / 50.0, "R_16_over_S3": 80.0 / 70.0})
    assert best_at_sparsest(usual(), [S3, LIFTING[2]]) is LIFTING[2]


def test_sources_left_out_count_by_the_best_system_that_was_trained_so():
    without = {method.name: [150.0] * 3 for method in BASELINES} | {"S3": [100.0] * 3}
    outcomes = {"cmu": outcome_of(without, clean=60.0), "reactidle": outcome_of(without, clean=40.0)}
    found = left_out_figures(outcomes, [_GRAPH, S3])
    told = values(found)
    assert told["excess_W_30_3_cmu"] == pytest.approx(40.0 / 90.0)
    assert told["clean_mpjpe_cmu"] == pytest.approx(60.0)
    assert told["clean_mpjpe_mean"] == pytest.approx(50.0)
    assert told["clean_pa_mean"] == pytest.approx(40.0)
    assert {figure.name: figure.verdict for figure in found}["clean_pa_cmu"] == "told"
    assert left_out_figures({}, [S3]) == []


def test_the_graph_is_judged_after_the_better_lifter_on_the_clips_it_was_tried_on():
    outcome = usual(**{"DTF-81": [100.0, 70.0, 70.0]})
    pair = graph_pair(outcome, [S3, LIFTING[2], *GRAPHS])
    assert pair is not None
    assert pair == (LIFTING[2], GRAPHS[1])
    found = values(graph_figures(outcome, *pair))
    assert found == pytest.approx({"graph_hidden_over_lifter": 0.78, "graph_clean_over_lifter": 1.0})
    assert graph_pair(outcome, [S3]) is None


def test_tables_compare_over_the_same_clips():
    outcome = usual(S3=[120.0, 75.0, 75.0])
    assert tried(outcome, "clean", [S3, _GRAPH]).tolist() == [True, False, False]
    hidden = suite_tables(outcome, [S3, _GRAPH], "Some")[1]
    assert "| W(30,3) | 1 | 120.0 | 72.0 |" in hidden
    assert "| W(30,3) | 3 | 90.0 |" in suite_tables(outcome, [S3], "Some")[1]
    assert "clean" not in suite_tables(outcome, [S3], "Some")[-1].partition("\n\n")[2]
    assert "| 120.0 [120.0, 120.0] |" in ablation_table("Parts", outcome, [S3, _GRAPH], "")
    assert "| 1.80 |" in random_table(outcome, [S3])
    assert "| held-out | S3 + graph |" in best_table({"held-out": outcome}, [S3, _GRAPH, PPT])
    assert "PPT" not in best_table({"held-out": outcome}, [S3, _GRAPH, PPT])


def test_efforts_name_the_whole_suite_once():
    names = [protocol.name for protocol in (*FULL.bounded, *FULL.rest)]
    assert sorted(names) == sorted({protocol.name for protocol in SUITE})
    assert {item.name for item in HARD} <= {item.name for item in QUICK.bounded}


def still(sightings: Sightings) -> Lifted:
    count = len(sightings.points)
    joints = np.tile(rest_joints(mean_body()), (count, 1, 1))
    flags = np.ones((count, _COUNT))
    return Lifted(joints, np.ones_like(joints), flags > 0, flags, np.tile(np.eye(3), (count, 1, 1)), 30.0)


def same(lifted: Lifted) -> Lifted:
    return lifted


def a_clip(source: str, name: str) -> Clip:
    rotations = np.zeros((80, len(BONE_NAMES), 4), np.float32)
    rotations[..., 0] = 1.0
    root = np.tile(np.array([0.0, 0.0, 0.9], np.float32), (80, 1))
    return Clip(name, source, f"{source}/01", "walk", "CMU", rotations, root, mean_body().astype(np.float32))


_EFFORT = Effort(
    Size(3, 3), Size(2, 2), several=2, few=1, fewest=1, bounded=(Clean(), SPARSEST, *HARD), rest=(Frames(3),),
    samples=SampleSettings(), frames=30,
)  # fmt: skip


def counts(outcome: Outcome, method: Method) -> list[int]:
    """Trials that a method was tried on, under a hard occlusion, among others, and in the rest of the suite."""
    protocols = (HARD[0].name, SPARSEST.name, "F(3)")
    return [int(tried(outcome, name, [method]).sum()) for name in protocols if (name, method.name) in outcome.scores]


def test_what_takes_long_is_tried_on_less_until_it_is_judged():
    clips = [a_clip("cmu", name) for name in ("one", "two", "three")]
    methods = (S3, _GRAPH, VARIANTS[0], *BASELINES)
    networks = Networks({"s3": still, "unmasked": still}, {"graph": same, "ppt, ends": same})
    outcome = try_held_out(clips, methods, networks, _EFFORT)
    assert counts(outcome, S3) == counts(outcome, BASELINES[0]) == [3, 3, 2]
    assert counts(outcome, _GRAPH) == [1, 1, 1]
    assert counts(outcome, VARIANTS[0]) == [1, 1]
    judged = try_judged(clips, [S3, _GRAPH], networks, _EFFORT, outcome)
    assert counts(judged, _GRAPH) == [3, 1, 1]
    assert judged.scores["F(3)", S3.name] == outcome.scores["F(3)", S3.name]
    assert try_judged(clips, [S3], networks, _EFFORT, outcome) is outcome


class FewNetworks(Shelf):
    """A shelf on which S3 is there for every source, the graph for CMU, and the baselines for all but one source."""

    def there(self, methods: Iterable[Method], ending: str = "") -> tuple[Method, ...]:
        known = {"S3"} | ({"S3 + graph"} if ending == "-without-cmu" else set())
        known |= set() if ending == "-without-reactidle" else {method.name for method in BASELINES}
        return tuple(method for method in methods if method.name in known)

    def open(self, methods: Iterable[Method], ending: str = "") -> Networks:
        assert {method.name for method in methods} == {method.name for method in self.there(methods, ending)}
        return Networks({"s3": still, "unmasked": still}, {"graph": same})


def test_sources_are_tried_by_the_best_and_by_what_is_quick():
    clips = [a_clip(source, source) for source in ("cmu", "reactidle", "mesh2motion", "animated_drawings")]
    best_slow = try_left_out(clips, [_GRAPH, S3], FewNetworks(), _EFFORT)
    assert list(best_slow) == ["animated_drawings", "cmu", "mesh2motion"]
    assert counts(best_slow["cmu"], _GRAPH) == counts(best_slow["cmu"], S3) == [2]
    assert counts(best_slow["mesh2motion"], _GRAPH) == []
    # who is slow and not the best is not asked
    assert counts(try_left_out(clips, [S3, _GRAPH], FewNetworks(), _EFFORT)["cmu"], _GRAPH) == []


def a_network(path: Path, size: int = 6) -> Path:
    """An ONNX file with `size` learned numbers."""
    weights = onnx.numpy_helper.from_array(np.zeros((2, size // 2), np.float32), "weights")
    given = onnx.helper.make_tensor_value_info("given", onnx.TensorProto.FLOAT, [1, 2])
    answer = onnx.helper.make_tensor_value_info("answer", onnx.TensorProto.FLOAT, [1, size // 2])
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("MatMul", ["given", "weights"], ["answer"])], "small", [given], [answer], [weights]
    )
    onnx.save(onnx.helper.make_model(graph), str(path))
    return path


def test_networks_are_found_by_their_recipes(tmp_path: Path):
    for name in ("dtf-81", "ppt", "unlikely-without-cmu", "graph-without-cmu", "unlikely"):
        a_network(tmp_path / f"{name}.onnx")
    shelf = Shelf(tmp_path)
    assert shelf.path("dtf-81") == tmp_path / "dtf-81.onnx"
    with pytest.raises(SetupError, match=r"no network nothing\.onnx"):
        shelf.path("nothing")
    odd = Method("odd", "unlikely", "own"), Method("refined", "unlikely", "own", "graph")
    assert shelf.there(odd, "-without-cmu") == odd
    assert shelf.there([Method("no", "unlikely", "own", "nothing")]) == ()
    # the pose prior's variants are one network, and the baselines are S3's first half
    assert shelf.files(VARIANTS[0])[1] == tmp_path / "ppt.onnx"
    assert not Shelf(tmp_path).has("unlikely-unmasked")
    a_network(tmp_path / "s3-without-nobody-unmasked.onnx")
    assert shelf.there(BASELINES, "-without-nobody") == BASELINES
    # what ships is found without a folder
    assert Shelf().has("s3")
    assert len({method.name for method in (*SYSTEMS, *VARIANTS, *BASELINES)}) == len((*SYSTEMS, *VARIANTS, *BASELINES))


def test_a_pair_is_a_system_by_its_name():
    assert method_of("s3+none") is S3
    assert method_of("s3+graph") is _GRAPH
    other = method_of("dtf-27+graph")
    assert (other.name, other.lifter, other.fill, other.refiner) == ("dtf-27+graph", "dtf-27", "own", "graph")
    assert method_of(RECOMMENDED_PAIR) in SYSTEMS


def test_costs_are_of_all_networks_of_a_system(tmp_path: Path):
    files = [a_network(tmp_path / "one.onnx", 6), a_network(tmp_path / "two.onnx", 40)]
    assert [parameters(file) for file in files] == [6, 40]
    found = cost(_GRAPH, Networks({"s3": still}, {"graph": lambda lifted: lifted}), files, 20)
    assert found.parameters == 46
    assert found.size == sum(file.stat().st_size for file in files)
    assert found.rate > 0
    outcome = usual()
    costs = [Cost(S3, 4_600_000, 9_000_000, 4000.0), Cost(_GRAPH, 11_000_000, 20_000_000, 300.0)]
    assert errors(outcome, S3) == pytest.approx((50.0, 90.0))
    assert "| S3 | 50.0 | 90.0 | 4.60 | 9.0 | 4000 |" in cost_table(costs, outcome)
    draw_costs(costs, [errors(outcome, item.method) for item in costs], tmp_path / "costs.png")
    assert (tmp_path / "costs.png").read_bytes()[:4] == b"\x89PNG"


def samples(sure: float, spread: float = 0.03) -> list[Sample]:
    """Honest errors where `sure` is 1; the told spread is that share of the true one. A third is hidden."""
    rng = np.random.default_rng(0)
    truth = np.tile(rest_joints(mean_body()), (200, 1, 1))
    truth -= truth[:, :1]
    found = []
    for _ in range(6):
        sigma = rng.uniform(0.3, 2.0, (200, _COUNT, 1)) * spread * np.ones(3)
        errors_ = rng.normal(0.0, sigma)
        errors_[:, 0] = 0.0
        seen = rng.random((200, _COUNT)) < 2 / 3
        views = np.tile(np.eye(3), (200, 1, 1))
        found.append(Sample(Lifted(truth + errors_, sure * sigma, seen, np.ones(seen.shape), views, 30.0), truth))
    return found


def test_honest_uncertainty_is_found_honest_and_boasting_is_not():
    honest, boast = honesty(samples(1.0), as_told(), "all"), honesty(samples(0.5), as_told(), "all")
    assert honest.count == 6 * 200 * 29
    assert honest.error < 0.01
    assert honest.nine_tenths == pytest.approx(0.9, abs=0.01)
    assert honest.within > 0.5
    assert honest.near.error < 0.03
    assert honest.ence < 0.05
    assert boast.error > 0.2
    assert boast.likelihood > honest.likelihood
    assert boast.within == pytest.approx(honest.within)
    # a calibration puts it right, and what the network itself tells stays told
    twice = SpreadFit(np.full(_COUNT, 2.0), np.zeros(_COUNT))
    mended = honesty(samples(0.5), Calibration(twice, twice), "hidden")
    assert mended.error < 0.015
    assert mended.bare_error > 0.2
    assert mended.count < honest.count / 2


def measured(sure: float) -> Measured:
    kinds: dict[Kind, Honesty] = {kind: honesty(samples(sure), as_told(), kind) for kind in KINDS}
    return Measured(S3, calibrated=True, kinds=kinds)


def test_the_defaults_honesty_is_bounded(tmp_path: Path):
    good, bad = measured(1.0), measured(0.5)
    found = honesty_figures([good], S3)
    assert [figure.verdict for figure in found] == ["ok", "told", "ok", "told", "ok", "ok"]
    assert [figure.verdict for figure in honesty_figures([bad], S3)].count("short") == 3
    # a default that tells nothing falls short of all bounds
    nothing = honesty_figures([good], GRAPHS[1])
    assert {figure.verdict for figure in nothing if figure.bound is not None} == {"short"}
    text = honesty_table([good, bad])
    assert text.count("| s3+none |") == 6
    draw_reliability([good, bad], S3, tmp_path / "reliability.png")
    assert (tmp_path / "reliability.png").read_bytes()[:4] == b"\x89PNG"


def test_a_system_without_spread_has_no_honesty():
    found = samples(1.0)
    for item in found:
        item.lifted.spread[:] = np.nan
    assert honesty(found, as_told(), "all").count == 0
    # the usual deviation of every joint is a spread too, if none that the network tells
    fixed = SpreadFit(np.zeros(_COUNT), np.full(_COUNT, 0.04))
    known = honesty(found, Calibration(fixed, fixed), "seen")
    assert known.count > 0
    assert np.isnan(known.bare_error)
    assert "–" in honesty_table([Measured(S3, calibrated=True, kinds={"seen": known})])
