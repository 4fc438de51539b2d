from __future__ import annotations

import json

from gitexp.capture import packages


def install(folder, name, version, origin=None):
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    if origin is not None:
        (info / "direct_url.json").write_text(origin if isinstance(origin, str) else json.dumps(origin))


def test_names_are_normalised_and_the_first_folder_wins(tmp_path):
    first, second = tmp_path / "a", tmp_path / "b"
    install(first, "Ruamel.Yaml", "0.18")
    install(first, "typing_extensions", "4.16.0")
    install(second, "ruamel_yaml", "0.1")
    install(second, "numpy", "2.0.0rc1+local")
    found = packages.scan([first, second, tmp_path / "missing"])
    assert found == {"numpy": "2.0.0rc1+local", "ruamel-yaml": "0.18", "typing-extensions": "4.16.0"}
    assert (
        packages.requirements(found)
        == "numpy==2.0.0rc1+local\nruamel-yaml==0.18\ntyping-extensions==4.16.0\n"
    )


def test_eggs(tmp_path):
    (tmp_path / "PyYAML-6.0-py3.11.egg-info").write_text("")
    (tmp_path / "Old_Tool.egg-info").mkdir()
    (tmp_path / "Old_Tool.egg-info" / "PKG-INFO").write_text("Name: x\nVersion: 1.2\n")
    (tmp_path / "dev-thing.egg-link").write_text("/home/someone/dev\n.")
    found = packages.scan([tmp_path])
    assert found == {"dev-thing": " (editable)", "old-tool": "1.2", "pyyaml": "6.0"}
    assert packages.requirements(found) == "dev-thing  # editable\nold-tool==1.2\npyyaml==6.0\n"


def test_origins_carry_neither_paths_nor_credentials(tmp_path):
    git = {"url": "https://me:pw@github.com/a/b.git", "vcs_info": {"vcs": "git", "commit_id": "c0ffee"}}
    install(tmp_path, "mine", "0.1", {"url": "file:///home/me/mine", "dir_info": {"editable": True}})
    install(tmp_path, "local", "0.2", {"url": "file:///home/me/local", "dir_info": {}})
    install(tmp_path, "forked", "0.3", git)
    install(tmp_path, "cloned", "0.3", {**git, "url": "file:///home/me/b"})
    install(tmp_path, "wheel", "0.4", {"url": "https://t@x.org/w.whl?sig=1", "archive_info": {}})
    install(tmp_path, "broken", "0.5", "[" * 100_000)
    install(tmp_path, "odd", "0.6", '["url"]')
    install(tmp_path, "built", "0.7", {"url": "file:///croot/built", "dir_info": {}})
    (tmp_path / "built-0.7.dist-info" / "INSTALLER").write_text("conda\n")
    text = packages.requirements(packages.scan([tmp_path]))
    assert text.splitlines() == [
        "broken==0.5",
        "built==0.7",
        "cloned==0.3",
        "forked @ git+https://github.com/a/b.git@c0ffee",
        "local==0.2  # local",
        "mine==0.1  # editable",
        "odd==0.6",
        "wheel @ https://x.org/w.whl",
    ]


def test_agrees_with_importlib_metadata_here():
    from importlib.metadata import distributions

    from gitexp.capture.interpreter import current

    folders = current().site_packages
    expected = {
        packages.normalise(d.metadata["Name"])
        for d in distributions(path=[str(folder) for folder in folders])
    }
    assert expected
    assert set(packages.scan(folders)) == expected
