package main

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/proffer-go/proffer/examples/replay/internal/located"
	"github.com/proffer-go/proffer/offers"
)

// gpuNode is a machine with GPUs.
type gpuNode struct {
	name     string
	cpuMilli int64
	memory   int64 // MiB
	gpus     int
	model    string
}

// gpuPod asks for GPUs, or for a part of one, on a machine of certain models.
type gpuPod struct {
	name     string
	cpuMilli int64
	memory   int64 // MiB
	gpus     int
	gpuMilli int64    // of each GPU
	models   []string // none: any

	shape *offers.Shape // of all that it needs
}

// request returns how much GPU the pod needs in all, in thousandths.
func (p *gpuPod) request() int64 { return int64(p.gpus) * p.gpuMilli }

// The greatest machine that makes sense.
const (
	maxCPUMilli   = 10_000_000
	maxMemory     = 1 << 30
	maxGPUsOfNode = 1024
)

func readNodes(file string) ([]*gpuNode, error) {
	r, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }() // it was only read
	var nodes []*gpuNode
	seen := make(map[string]bool)
	err = parseRows(filepath.Base(file), r, func(t *located.Table) error {
		n := &gpuNode{name: t.Text("sn"), model: t.Text("model")}
		if n.name == "" || seen[n.name] {
			return t.Errorf("sn", "%q is empty, or that of an earlier machine", n.name)
		}
		seen[n.name] = true
		var gpus int64
		err := ints(t, field{"cpu_milli", &n.cpuMilli, maxCPUMilli}, field{"memory_mib", &n.memory, maxMemory}, field{"gpu", &gpus, maxGPUsOfNode})
		n.gpus = int(gpus)
		if err == nil && n.cpuMilli+n.memory+gpus == 0 {
			err = t.Errorf("sn", "machine %q has nothing", n.name)
		}
		nodes = append(nodes, n)
		return err
	}, "sn", "cpu_milli", "memory_mib", "gpu", "model")
	return nodes, err
}

func readPods(file string) ([]*gpuPod, error) {
	r, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }() // it was only read
	return parsePods(filepath.Base(file), r)
}

func parsePods(file string, r io.Reader) ([]*gpuPod, error) {
	var pods []*gpuPod
	seen := make(map[string]bool)
	err := parseRows(file, r, func(t *located.Table) error {
		p := &gpuPod{name: t.Text("name")}
		if p.name == "" || seen[p.name] {
			return t.Errorf("name", "%q is empty, or that of an earlier pod", p.name)
		}
		seen[p.name] = true
		for model := range strings.SplitSeq(t.Text("gpu_spec"), "|") {
			if model != "" {
				p.models = append(p.models, model)
			}
		}
		var gpus int64
		err := ints(t, field{"cpu_milli", &p.cpuMilli, maxCPUMilli}, field{"memory_mib", &p.memory, maxMemory},
			field{"num_gpu", &gpus, maxGPUsOfNode}, field{"gpu_milli", &p.gpuMilli, 1000})
		p.gpus = int(gpus)
		switch {
		case err != nil:
		case p.gpus == 0:
			p.gpuMilli = 0 // of nothing
		case p.gpuMilli == 0:
			err = t.Errorf("gpu_milli", "a pod of %d GPUs needs some of each", p.gpus)
		}
		if err == nil && p.cpuMilli+p.memory+int64(p.gpus) == 0 {
			err = t.Errorf("name", "pod %q needs nothing", p.name)
		}
		pods = append(pods, p)
		return err
	}, "name", "cpu_milli", "memory_mib", "num_gpu", "gpu_milli")
	return pods, err
}

// parseRows calls f for every row of a CSV file.
func parseRows(file string, r io.Reader, f func(t *located.Table) error, columns ...string) error {
	t, err := located.CSV(file, r, columns...)
	if err != nil {
		return err
	}
	for {
		if more, err := t.Next(); err != nil || !more {
			return err
		}
		if err := f(t); err != nil {
			return err
		}
	}
}

// field is a column of whole numbers from 0 to most.
type field struct {
	column string
	into   *int64
	most   int64
}

func ints(t *located.Table, fields ...field) error {
	for _, f := range fields {
		n, err := t.Int(f.column, 0, f.most)
		if err != nil {
			return err
		}
		*f.into = n
	}
	return nil
}

// arrivals are, by the generator of math/rand, the pods in the order in which they come, and the order of the
// machines in which ties are broken, as the authors of the trace drew them: the
// pods are shuffled, then some are drawn again or left out, such that they ask
// for tune times the GPUs that there are.
func arrivals(nodes []*gpuNode, pods []*gpuPod, seed int64, tune float64) ([]*gpuPod, []*gpuNode) {
	r := rand.New(rand.NewSource(seed))
	byName := slices.Clone(pods)
	slices.SortFunc(byName, func(x, y *gpuPod) int { return cmp.Compare(x.name, y.name) })
	order := slices.Clone(byName)
	_ = r.Int() // theirs throws one away, too
	r.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	goal := tune * float64(capacityOf(nodes))
	var sum int64
	for _, p := range order {
		sum += p.request()
	}
	for float64(sum) > goal && len(order) > 0 {
		i := r.Intn(len(order))
		sum -= order[i].request()
		order = slices.Delete(order, i, i+1)
	}
	for grows := len(order) == len(byName) && requests(byName); grows; {
		p := byName[r.Intn(len(byName))]
		// Theirs looks at one GPU of the pod only, and stops before it.
		if grows = float64(sum+p.gpuMilli) <= goal; grows {
			sum += p.request()
			order = append(order, p)
		}
	}
	// Theirs draws the time-outs of ten connections in between.
	for range 10 {
		r.Float64()
	}
	machines := slices.Clone(nodes)
	slices.SortFunc(machines, func(x, y *gpuNode) int { return cmp.Compare(x.name, y.name) })
	ranked := make([]*gpuNode, len(machines))
	for i, rank := range r.Perm(len(machines)) {
		ranked[rank] = machines[i]
	}
	return order, ranked
}

// requests reports whether any of the pods asks for GPUs at all.
func requests(pods []*gpuPod) bool {
	return slices.ContainsFunc(pods, func(p *gpuPod) bool { return p.request() > 0 })
}

func capacityOf(nodes []*gpuNode) int64 {
	var milli int64
	for _, n := range nodes {
		milli += 1000 * int64(n.gpus)
	}
	return milli
}

// digest tells arrivals apart: the SHA-256 of the names, one a line.
func digest(order []*gpuPod) string {
	h := sha256.New()
	for _, p := range order {
		_, _ = io.WriteString(h, p.name+"\n") // a hash takes everything
	}
	return hex.EncodeToString(h.Sum(nil))
}
