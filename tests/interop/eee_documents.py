"""Made-up documents of Every Eval Ever."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

ID = "0f9d2c1a-5b7e-4c3d-8a6f-112233445566"


def result(name: str, metric: str = "exact", score: object = 0.5, **more: Any) -> dict[str, Any]:
    return {
        "evaluation_result_id": f"{name}/{metric}",
        "evaluation_name": name,
        "source_data": {"dataset_name": name, "source_type": "hf_dataset", "hf_repo": f"made/{name}"},
        "metric_config": {"metric_name": metric, "lower_is_better": False, "score_type": "binary"},
        "score_details": {"score": score},
        **more,
    }


def document(*results: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "schema_version": "0.3.0",
        "evaluation_id": "sums/made/m-1/1",
        "evaluation_timestamp": "2026-11-01T10:00:00Z",
        "retrieved_timestamp": "1793527200.5",
        "source_metadata": {
            "source_type": "evaluation_run",
            "source_organization_name": "made up",
            "evaluator_relationship": "other",
        },
        "eval_library": {"name": "harness", "version": "1.2"},
        "model_info": {"name": "M One", "id": "made/m-1", "developer": "made", "additional_details": {}},
        "evaluation_results": list(results),
        **more,
    }


def sample(id: str = "a", score: object = 1, name: str = "sums", metric: str = "exact", **more: Any) -> Any:
    return {
        "schema_version": "0.3.0",
        "evaluation_id": "sums/made/m-1/1",
        "model_id": "made/m-1",
        "evaluation_name": name,
        "evaluation_result_id": f"{name}/{metric}",
        "sample_id": id,
        "interaction_type": "single_turn",
        "input": {"raw": f"question {id}", "reference": [f"target {id}"]},
        "output": {"raw": [f"answer {id}"]},
        "answer_attribution": [],
        "evaluation": {"score": score, "is_correct": bool(score)},
        **more,
    }


def lines(*samples: Any) -> str:
    return "".join(f"{one if isinstance(one, str) else json.dumps(one)}\n" for one in samples)


def write(folder: Path, log: dict[str, Any], *samples: Any, told: bool = True) -> Path:
    """The document, which tells of its samples where there are any."""
    folder.mkdir(parents=True, exist_ok=True)
    text = lines(*samples)
    if samples:
        (folder / f"{ID}_samples.jsonl").write_text(text)
    if samples and told:
        hashed = sha256(text.encode()).hexdigest()
        path = f"data/sums/made/m-1/{ID}_samples.jsonl"
        about = {"file_path": path, "hash_algorithm": "sha256", "checksum": hashed}
        log = {
            **log,
            "detailed_evaluation_results": {"format": "jsonl", "total_rows": len(samples), **about},
        }
    (folder / f"{ID}.json").write_text(json.dumps(log))
    return folder / f"{ID}.json"
