"""What runs."""

from g6.observability.build import build_labels


def test_outside_a_checkout_there_is_no_commit(tmp_path):
    (tmp_path / "g6").mkdir()
    (tmp_path / "g6/__init__.py").touch()
    labels = build_labels("cafe", tmp_path / "g6")
    assert (labels["git_commit"], labels["config_hash"]) == ("", "cafe")
    assert labels["build_time"].endswith("Z")


def test_the_commit_is_that_of_the_branch_that_is_checked_out(tmp_path):
    (tmp_path / "g6").mkdir()
    (tmp_path / "g6/__init__.py").touch()
    heads = tmp_path / ".git/refs/heads"
    heads.mkdir(parents=True)
    (tmp_path / ".git/HEAD").write_text("ref: refs/heads/main\n")
    (heads / "main").write_text("0123456789abcdef0123456789abcdef01234567\n")
    assert build_labels("", tmp_path / "g6")["git_commit"] == "0123456789ab"


def test_a_packed_branch_is_found_too(tmp_path):
    (tmp_path / "g6").mkdir()
    (tmp_path / "g6/__init__.py").touch()
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git/HEAD").write_text("ref: refs/heads/main\n")
    (tmp_path / ".git/packed-refs").write_text(
        "# pack-refs\nfedcba9876543210fedcba9876543210fedcba98 refs/heads/main\n"
    )
    assert build_labels("", tmp_path / "g6")["git_commit"] == "fedcba987654"


def test_a_detached_head_is_its_own_commit(tmp_path):
    (tmp_path / "g6").mkdir()
    (tmp_path / "g6/__init__.py").touch()
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git/HEAD").write_text("fedcba9876543210fedcba9876543210fedcba98\n")
    assert build_labels("", tmp_path / "g6")["git_commit"] == "fedcba987654"
