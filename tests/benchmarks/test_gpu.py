"""benchmarks/gpu.py without a GPU: every job runs at a tiny size, or says why it is left out."""

import argparse
import json

import pytest

from benchmarks import gpu, gpu_lstm
from benchmarks.gpu_jobs import JOBS, Job, Size
from benchmarks.gpu_worker import guarded

pytestmark = pytest.mark.slow

TINY = ["--sizes", "1x8x4", "--window", "3", "--vocabulary", "10", "--turn", "0.01", "--patience", "10"]


def measured(tmp_path, *more: str) -> list[dict]:
    assert gpu.main(["--output", str(tmp_path), *TINY, *more]) == 0
    return json.loads((tmp_path / "gpu.json").read_text())


@pytest.mark.parametrize("jobs", ["nabi,torch,training", "lstm"])
def test_what_a_cpu_can_do_is_measured_and_the_rest_left_out_with_a_reason(tmp_path, capsys, jobs):
    found = measured(tmp_path, "--jobs", jobs, "--seconds", "400")
    assert not [result for result in found if "failed" in result]
    by_name = {(result["job"], result["name"]): result for result in found}
    if jobs == "lstm":
        assert by_name["lstm", "our loop under XLA, float32, 1x8, 4 rows"]["rate"] > 0
        assert by_name["lstm", "cuDNN V2, a call a layer, float32, 1x8, 4 rows"]["skipped"] == "no GPU"
    else:
        assert by_name["nabi", "bfloat16, 1x8, 4 rows"]["rate"] > 0
        assert by_name["torch", ""]["skipped"] == "no --torch_python"
        assert by_name["training", ""]["skipped"] == "no --data"
    table = (tmp_path / "gpu.md").read_text()
    assert table in capsys.readouterr().out
    assert table.count("\n") == len(found) + 2


def test_two_processes_come_to_the_same_weights(tmp_path):
    found = measured(tmp_path, "--jobs", "equal runs", "--seconds", "400")
    assert [result["value"] for result in found] == ["equal", "equal"]


def test_a_job_that_fails_or_takes_too_long_does_not_end_the_rest(tmp_path, monkeypatch):
    bad = Job("bad", "steps", 60, options={"variants": {"none such": {"precision": "float3"}}})
    slow = Job("slow", "steps", 0.1, options={"variants": {"float32": {}}})
    monkeypatch.setattr(gpu, "JOBS", [bad, slow, Job("torch", "torch", 60)])
    found = measured(tmp_path, "--seconds", "100")
    assert "--precision" in found[0]["failed"]
    assert found[1]["failed"] == "ended after 1 s"
    assert found[2]["skipped"] == "no --torch_python"
    assert measured(tmp_path, "--seconds", "0.5")[0]["skipped"].endswith("s are left")


def test_the_plan_fits_into_eight_minutes_at_its_worst_but_the_last_jobs():
    assert sum(job.seconds for job in JOBS[:6]) <= 480
    assert len({job.name for job in JOBS}) == len(JOBS)


def test_sizes():
    assert str(Size.parse("2x512x64")) == "2x512, 64 rows"
    with pytest.raises(argparse.ArgumentTypeError, match="must be LAYERSxUNITSxROWS"):
        Size.parse("2x512")


@pytest.mark.parametrize("name", [name for name, (needs_gpu, _) in gpu_lstm.ways(raw_only=True).items() if needs_gpu])
def test_operations_of_cudnn_are_traced_forward_and_backward_and_lack_nothing_but_a_kernel(name):
    way = gpu_lstm.ways(raw_only=True)[name][1]
    found = guarded(lambda: way(Size(2, 8, 4), "float32", 3), tokens=12, seconds=0.01)
    assert "No OpKernel was registered to support Op 'CudnnRNN" in found["failed"], found
