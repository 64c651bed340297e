package main

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestCommandLine(t *testing.T) {
	tests := []struct {
		args []string
		code int
		want string // in what is said
	}{
		{nil, exitUsage, "no command: want batsim, philly or openb"},
		{[]string{"-h"}, exitGood, "usage: replay COMMAND"},
		{[]string{"help"}, exitGood, "usage: replay COMMAND"},
		{[]string{"borg"}, exitUsage, `unknown command "borg": want batsim, philly or openb`},
		{[]string{"batsim", "-h"}, exitGood, "-workload FILE.json"},
		{[]string{"batsim", "-nope"}, exitUsage, "flag provided but not defined: -nope"},
		{[]string{"batsim"}, exitUsage, "-workload is missing"},
		{[]string{"batsim", "-workload", "x", "-policy", "sjf"}, exitUsage, `-policy "sjf": want conservative, easy, fcfs`},
		{[]string{"philly"}, exitUsage, "-trace is missing"},
		{[]string{"philly", "-trace", "x", "-policy", "lifo"}, exitUsage, `-policy "lifo": want fifo or drf`},
		{[]string{"philly", "-trace", "x", "-agents", "0"}, exitUsage, "-agents 0 -gpus 8: want 1 to 1000000"},
		{[]string{"openb", "-nodes", "x"}, exitUsage, "-nodes and -pods must be given"},
		{[]string{"openb", "-nodes", "x", "-pods", "y", "-policy", "z"}, exitUsage, `-policy "z": want bestfit, dotprod, fgd, gpuclustering, gpupacking, random`},
		{[]string{"openb", "-nodes", "x", "-pods", "y", "-tune", "0"}, exitUsage, "-tune 0: want more than 0"},
		{[]string{"batsim", "-workload", "x", "-hosts", "0"}, exitUsage, "-hosts 0: want 1 to 1000000"},
		{[]string{"batsim", "-workload", "x", "more"}, exitUsage, `unexpected argument "more"`},
		{[]string{"batsim", "-workload", "x", "-plot", "a.gif"}, exitUsage, "want a name that ends in .svg"},
		{[]string{"batsim", "-workload", filepath.Join("testdata", "none.json")}, exitFailed, "no such file"},
		{[]string{"batsim", "-workload", filepath.Join("testdata", "small.json"), "-out", filepath.Join("none", "x.csv")}, exitFailed, "no such file"},
	}
	for _, tt := range tests {
		code, _, stderr := replay(t, tt.args...)
		if code != tt.code || !strings.Contains(stderr, tt.want) {
			t.Errorf("replay %v: code %d, want %d; said %q, want %q in it", tt.args, code, tt.code, stderr, tt.want)
		}
	}
}

// wellFormed fails unless the file is XML with all of the texts.
func wellFormed(t *testing.T, file string, texts ...string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for d := xml.NewDecoder(strings.NewReader(string(data))); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
	}
	for _, text := range texts {
		if !strings.Contains(string(data), ">"+text+"<") {
			t.Errorf("%s lacks the text %q", file, text)
		}
	}
}

func TestPlot(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.svg")
	if code, _, stderr := replay(t, "batsim", "-workload", "testdata/small.json", "-hosts", "4", "-plot", file); code != exitGood {
		t.Fatal(stderr)
	}
	wellFormed(t, file, "time (s)", "hosts", "in use", "all", "small.json: 6 jobs on 4 hosts, easy")
}
