package proffer_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/resources"
)

func TestTaskStates(t *testing.T) {
	terminal := map[proffer.TaskState]bool{
		proffer.TaskFinished: true, proffer.TaskFailed: true, proffer.TaskKilled: true, proffer.TaskError: true,
		proffer.TaskLost: true, proffer.TaskDropped: true, proffer.TaskGone: true, proffer.TaskGoneByOperator: true,
	}
	seen := make(map[string]bool)
	for s := proffer.TaskState(0); s.Valid(); s++ {
		if s.Terminal() != terminal[s] {
			t.Errorf("%s: terminal is %v", s, s.Terminal())
		}
		text, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var back proffer.TaskState
		if err := json.Unmarshal(text, &back); err != nil || back != s {
			t.Errorf("%s came back as %s, %v", text, back, err)
		}
		if name := s.String(); !strings.HasPrefix(name, "TASK_") || seen[name] {
			t.Errorf("state %d is called %q", s, name)
		}
		seen[s.String()] = true
	}
	if len(seen) != 14 {
		t.Errorf("%d states, Mesos has 14", len(seen))
	}
	if _, err := proffer.ParseTaskState("RUNNING"); err == nil {
		t.Error("RUNNING was taken for a state")
	}
	if _, err := json.Marshal(proffer.TaskState(99)); err == nil {
		t.Error("an invalid state was written")
	}
}

func TestReasons(t *testing.T) {
	seen := make(map[string]bool)
	for r := proffer.Reason(0); r.Valid(); r++ {
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		var back proffer.Reason
		if err := json.Unmarshal(text, &back); err != nil || back != r {
			t.Errorf("%s came back as %s, %v", text, back, err)
		}
		if name := r.String(); seen[name] || (r != proffer.ReasonNone && !strings.HasPrefix(name, "REASON_")) {
			t.Errorf("reason %d is called %q", r, name)
		}
		seen[r.String()] = true
	}
	var r proffer.Reason
	if err := json.Unmarshal([]byte(`"REASON_BAD_LUCK"`), &r); err == nil {
		t.Error("REASON_BAD_LUCK was taken for a reason")
	}
}

func TestValidateID(t *testing.T) {
	for id, want := range map[string]string{
		"task-1":                 "",
		"a.b_c:d@e":              "",
		"ünïcode":                "",
		"":                       "task id is empty",
		".":                      `task id "." is reserved by file systems`,
		"..":                     `task id ".." is reserved by file systems`,
		"a/b":                    `task id "a/b" contains '/': slashes, spaces and control characters are not allowed`,
		"a b":                    `task id "a b" contains ' ': slashes, spaces and control characters are not allowed`,
		"a\x00b":                 `task id "a\x00b" contains '\x00': slashes, spaces and control characters are not allowed`,
		"\xff":                   `task id "\xff" is not valid UTF-8`,
		strings.Repeat("x", 201): `task id "xxxxxxxxxxxxxxxxxxxx"… has 201 bytes, at most 200 are allowed`,
	} {
		got := ""
		if err := proffer.ValidateID("task id", proffer.TaskID(id)); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%.30q: %q, want %q", id, got, want)
		}
	}
}

func TestTaskInfoValidate(t *testing.T) {
	one := resources.MustParse("cpus:1")
	for name, c := range map[string]struct {
		task proffer.TaskInfo
		want []string // parts of the error; none for a valid task
	}{
		"valid":              {proffer.TaskInfo{ID: "t", Command: proffer.Shell("true"), Resources: one}, nil},
		"valid arguments":    {proffer.TaskInfo{ID: "t", Command: proffer.Args("ls", "-l"), Resources: one}, nil},
		"valid executor":     {proffer.TaskInfo{ID: "t", Executor: &proffer.ExecutorInfo{ID: "e", Name: "go"}, Resources: one}, nil},
		"everything at once": {proffer.TaskInfo{ID: "a b", MaxCompletionTime: -1, Data: make([]byte, proffer.MaxDataSize+1)}, []string{"contains ' '", "neither a command nor an executor", "resources are empty", "-1ns is negative", "at most 1048576"}},
		"both":               {proffer.TaskInfo{ID: "t", Command: proffer.Shell("true"), Executor: &proffer.ExecutorInfo{ID: "e", Name: "go"}, Resources: one}, []string{"both a command and an executor"}},
		"empty command":      {proffer.TaskInfo{ID: "t", Command: &proffer.CommandInfo{}, Resources: one}, []string{"command is empty"}},
		"two commands":       {proffer.TaskInfo{ID: "t", Command: &proffer.CommandInfo{Shell: "a", Args: []string{"b"}}, Resources: one}, []string{"both a shell line"}},
		"no program":         {proffer.TaskInfo{ID: "t", Command: proffer.Args(""), Resources: one}, []string{"Args[0], the program, is empty"}},
		"zero byte":          {proffer.TaskInfo{ID: "t", Command: proffer.Args("a\x00b"), Resources: one}, []string{"zero byte"}},
		"bad environment":    {proffer.TaskInfo{ID: "t", Command: &proffer.CommandInfo{Shell: "a", Env: map[string]string{"A=B": "c"}}, Resources: one}, []string{`"A=B"="c"`}},
		"bad limit":          {proffer.TaskInfo{ID: "t", Command: &proffer.CommandInfo{Shell: "a", Limit: []proffer.Rlimit{{Name: "nofile", Soft: 2, Hard: 1}}}, Resources: one}, []string{"soft 2 is above hard 1"}},
		"bad executor":       {proffer.TaskInfo{ID: "t", Executor: &proffer.ExecutorInfo{}, Resources: one}, []string{"executor id is empty", "neither a command nor the name"}},
		"bad health check":   {proffer.TaskInfo{ID: "t", Command: proffer.Shell("true"), Resources: one, HealthCheck: &proffer.HealthCheck{Failures: -1}}, []string{"failures -1 is negative", "0 of command, http and tcp are set"}},
		"bad check":          {proffer.TaskInfo{ID: "t", Command: proffer.Shell("true"), Resources: one, Check: &proffer.Check{Probe: proffer.Probe{HTTP: &proffer.HTTPProbe{Path: "x", Scheme: "ftp"}, TCP: &proffer.TCPProbe{}}}}, []string{"http port is 0", "does not begin with a slash", `"ftp"`, "tcp port is 0", "2 of command"}},
	} {
		err := c.task.Validate()
		if (err == nil) != (c.want == nil) {
			t.Errorf("%s: %v", name, err)
		}
		for _, part := range c.want {
			if err != nil && !strings.Contains(err.Error(), part) {
				t.Errorf("%s: error does not say %q:\n%v", name, part, err)
			}
		}
	}
}

func TestTaskGroupValidate(t *testing.T) {
	one := resources.MustParse("cpus:1")
	group := proffer.TaskGroup{Tasks: []proffer.TaskInfo{
		{ID: "a", Command: proffer.Shell("true"), Resources: one},
		{ID: "a", Executor: &proffer.ExecutorInfo{ID: "e", Name: "go"}, Resources: one},
	}}
	err := group.Validate()
	for _, part := range []string{`task id "a" occurs twice`, "have no executor"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("error does not say %q: %v", part, err)
		}
	}
	if err := (&proffer.TaskGroup{}).Validate(); err == nil {
		t.Error("an empty group is valid")
	}
}

func TestFrameworkInfoValidate(t *testing.T) {
	good := proffer.FrameworkInfo{Name: "n", Roles: []string{"*", "eng/backend"}}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	bad := proffer.FrameworkInfo{Roles: []string{"a//b", "x", "x", "-a", ""}}
	err := bad.Validate()
	for _, part := range []string{"name is empty", `"a//b"`, `"x" is named twice`, `"-a"`, "role is empty"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("error does not say %q: %v", part, err)
		}
	}
}

func TestCheckResultEqual(t *testing.T) {
	zero, one := 0, 1
	yes := true
	a := proffer.CheckResult{ExitCode: &zero}
	for _, c := range []struct {
		b    proffer.CheckResult
		want bool
	}{
		{proffer.CheckResult{ExitCode: new(int)}, true},
		{proffer.CheckResult{ExitCode: &one}, false},
		{proffer.CheckResult{}, false},
		{proffer.CheckResult{ExitCode: &zero, Connected: &yes}, false},
	} {
		if a.Equal(c.b) != c.want || c.b.Equal(a) != c.want {
			t.Errorf("%+v equal %+v is not %v", a, c.b, c.want)
		}
	}
}

func TestStringsForPeople(t *testing.T) {
	got := []string{
		proffer.ExitStatus{Code: 3}.String(),
		proffer.ExitStatus{Code: 137, Signal: syscall.SIGKILL, OOM: true}.String(),
		proffer.Healthy.String(), proffer.Unhealthy.String(), proffer.HealthUnknown.String(),
		proffer.SourceAgent.String(),
		proffer.TaskStatus{TaskID: "t", State: proffer.TaskRunning, Time: time.Unix(0, 0)}.String(),
	}
	want := []string{
		"exit status 3", "signal: killed, out of memory", "healthy", "unhealthy", "unknown", "SOURCE_AGENT", "t TASK_RUNNING",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What is wrong with a task is told all at once.
func ExampleTaskInfo_Validate() {
	task := proffer.TaskInfo{ID: "build 1", Command: proffer.Shell("make")}
	fmt.Println(task.Validate())
	// Output:
	// task "build 1": task id "build 1" contains ' ': slashes, spaces and control characters are not allowed
	// resources are empty: a task needs at least some
}

func ExampleTaskStatus_String() {
	fmt.Println(proffer.TaskStatus{
		TaskID: "build-1", State: proffer.TaskFailed, Reason: proffer.ReasonCommandExited, Message: "exit status 2",
	})
	// Output: build-1 TASK_FAILED: exit status 2 (REASON_COMMAND_EXITED)
}

func TestTextsAreUTF8(t *testing.T) {
	const bad = "\xff"
	good := proffer.TaskInfo{ID: "t", Command: proffer.Shell("true"), Resources: resources.MustParse("cpus:1")}
	change := func(f func(t *proffer.TaskInfo)) error {
		task := good
		f(&task)
		return task.Validate()
	}
	for what, err := range map[string]error{
		"task name":  change(func(t *proffer.TaskInfo) { t.Name = bad }),
		"task label": change(func(t *proffer.TaskInfo) { t.Labels = map[string]string{"a": bad} }),
		"user":       change(func(t *proffer.TaskInfo) { t.Command = &proffer.CommandInfo{Shell: "true", User: bad} }),
		"limit": change(func(t *proffer.TaskInfo) {
			t.Command = &proffer.CommandInfo{Shell: "true", Limit: []proffer.Rlimit{{Name: bad}}}
		}),
		"framework name": (&proffer.FrameworkInfo{Name: bad, Roles: []string{"*"}}).Validate(),
		"label name":     (&proffer.FrameworkInfo{Name: "f", Roles: []string{"*"}, Labels: map[string]string{bad: ""}}).Validate(),
		"hostname":       (&proffer.AgentInfo{Hostname: bad}).Validate(),
	} {
		if err == nil || !strings.Contains(err.Error(), "UTF-8") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
}
