package proffer_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/proffer-go/proffer"

// mayImport is the map of the house: what each package may import of ours. A
// folder that is not named inherits from the one above it. "internal" stands
// for everything below internal/.
var mayImport = map[string][]string{
	"resources":         {},
	"":                  {"resources"},
	"offers":            {"", "resources"},
	"offers/offerstest": {"", "resources", "offers"},
	"offers/policy": {
		"", "resources", "offers",
	},
	"scheduler":        {"", "resources", "offers"},
	"scheduler/master": {"", "resources", "offers", "offers/policy", "scheduler", "scheduler/registry", "internal"},
	"scheduler/schedulertest": {
		"", "resources", "offers", "offers/policy", "scheduler", "executor", "internal",
	},
	"scheduler/registry":              {"internal"},
	"scheduler/registry/bolt":         {"scheduler/registry", "internal"},
	"scheduler/registry/registrytest": {"scheduler/registry", "internal"},
	"scheduler/embedded":              {"", "resources", "offers", "offers/policy", "scheduler", "scheduler/master", "scheduler/registry/bolt", "executor", "executor/agent", "containerizer", "containerizer/process", "internal"},
	// The executor speaks the wire protocol with its agent: both ends of it
	// are in internal/executorwire.
	"executor":                        {"", "resources", "internal/executorwire", "internal/mailbox", "internal/clock"},
	"executor/agent":                  {"", "resources", "executor", "containerizer", "internal"},
	"containerizer":                   {"", "resources"},
	"containerizer/process":           {"", "resources", "containerizer", "internal"},
	"containerizer/containerizertest": {"", "resources", "containerizer", "internal"},
}

// lean are the packages that everybody imports: they reach nothing heavy, and
// not much at all.
var lean = []string{"resources", ".", "offers", "offers/policy", "scheduler", "scheduler/registry", "scheduler/schedulertest", "executor", "containerizer"}

// maxReached is the greatest number of packages beside those of the standard
// library that a lean package may reach.
const maxReached = 40

var heavy = []string{"containerd", "etcd", "zookeeper", "go-zookeeper", "grpc", "k8s.io", "docker"}

// topLevel is everything that may stand beside go.mod, but for dot-files and
// the root package's own files.
var topLevel = []string{
	"scheduler", "executor", "resources", "offers", "containerizer", "examples", "internal",
	"go.mod", "go.sum", "doc.go", "LICENSE", "README.md", "CHANGELOG.md", "Makefile",
}

func TestTopLevelIsFixed(t *testing.T) {
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	ignored, err := os.ReadFile(".gitignore")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		name := e.Name()
		if strings.Contains(string(ignored), "/"+name+"/\n") {
			continue // what running things leaves, and git does not keep
		}
		if strings.HasPrefix(name, ".") || slices.Contains(topLevel, name) || (!e.IsDir() && strings.HasSuffix(name, ".go")) {
			continue
		}
		t.Errorf("%s does not belong at the top level", name)
	}
}

func TestImportDirections(t *testing.T) {
	for dir, files := range packages(t) {
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue // tests may look around
			}
			for _, imported := range imports(t, file) {
				if ours, ok := strings.CutPrefix(imported+"/", module+"/"); ok {
					checkDirection(t, file, dir, strings.TrimSuffix(ours, "/"))
				}
			}
		}
	}
}

func checkDirection(t *testing.T, file, from, to string) {
	t.Helper()
	if owner, _, private := strings.Cut(to, "/internal/"); private && strings.HasPrefix(from+"/", owner+"/") {
		return // of its own house
	}
	switch {
	case from == "examples" || strings.HasPrefix(from, "examples/"):
		if strings.HasPrefix(to, "internal") && !strings.HasPrefix(to, from+"/") {
			t.Errorf("%s: an example imports %s: examples use public packages only", file, to)
		}
		return
	case from == "internal" || strings.HasPrefix(from, "internal/"):
		if strings.HasPrefix(to, "examples") {
			t.Errorf("%s: internal packages do not import examples", file)
		}
		return
	}
	allowed, known := ruleOf(from)
	if !known {
		t.Errorf("%s: package %q is not in the map of arch_test.go: give it a place", file, from)
		return
	}
	for _, a := range allowed {
		if to == a || (strings.HasPrefix(a, "internal") && strings.HasPrefix(to, a+"/")) {
			return
		}
	}
	t.Errorf("%s: package %q imports %q, it may import %q only", file, from, to, allowed)
}

// ruleOf returns the rule of the folder, or of the nearest one above it.
func ruleOf(dir string) ([]string, bool) {
	for d := dir; ; d = path.Dir(d) {
		if d == "." {
			d = ""
		}
		if rule, ok := mayImport[d]; ok && (d != "" || dir == "") {
			return rule, true
		}
		if d == "" {
			return nil, false
		}
	}
}

func TestLeanImports(t *testing.T) {
	for _, dir := range lean {
		if _, err := os.Stat(dir); err != nil {
			t.Errorf("lean package %s is missing", dir)
			continue
		}
		out, err := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", "./"+dir).Output()
		if err != nil {
			t.Fatalf("go list: %v", err)
		}
		foreign, all := 0, 0
		for line := range strings.Lines(string(out)) {
			imported := strings.TrimSpace(line)
			if imported == "" {
				continue
			}
			all++
			if strings.HasPrefix(imported, module) {
				continue
			}
			foreign++
			for _, h := range heavy {
				if strings.Contains(imported, h) {
					t.Errorf("%s reaches %s, which is too heavy for it", dir, imported)
				}
			}
		}
		t.Logf("%s reaches %d packages that are not std, %d of them of others", dir, all, foreign)
		// The executor speaks protobuf, which alone is thirty packages, and
		// simulated agents know its events.
		if dir == "executor" || dir == "scheduler/schedulertest" {
			all = foreign
		}
		if all > maxReached {
			t.Errorf("%s reaches %d packages, at most %d are allowed", dir, all, maxReached)
		}
	}
}

func TestEveryPackageIsDocumented(t *testing.T) {
	for dir, files := range packages(t) {
		documented := false
		sources := 0
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			sources++
			f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments|parser.PackageClauseOnly)
			if err != nil {
				t.Fatal(err)
			}
			documented = documented || f.Doc != nil
		}
		if sources > 0 && !documented {
			t.Errorf("package %q has no doc comment", dir)
		}
	}
}

// packages returns the Go files of every folder of the module, the root being "".
func packages(t *testing.T) map[string][]string {
	t.Helper()
	found := make(map[string][]string)
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && p != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata"):
			return filepath.SkipDir
		case d.IsDir() && p != ".":
			if _, err := os.Stat(filepath.Join(p, "go.mod")); err == nil {
				return filepath.SkipDir // a module of its own
			}
		case strings.HasSuffix(p, ".go"):
			dir := filepath.ToSlash(filepath.Dir(p))
			if dir == "." {
				dir = ""
			}
			found[dir] = append(found[dir], p)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func imports(t *testing.T, file string) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, spec := range f.Imports {
		list = append(list, strings.Trim(spec.Path.Value, `"`))
	}
	return list
}
