package resources

import "testing"

const (
	agentText = "cpus:24;mem:4096;disk:4096;ports:[31000-32000]"
	taskText  = "cpus:1;mem:128;disk:32;ports:[31001-31002]"
)

var (
	sinkResources  Resources
	sinkQuantities Quantities
	sinkBool       bool
	sinkScalar     Scalar
)

// The first four are the operations that Mesos's C++ was measured with.

func BenchmarkAdd(b *testing.B) {
	agent, _ := MustParse(agentText).Sub(MustParse(taskText))
	task := MustParse(taskText)
	b.ReportAllocs()
	for b.Loop() {
		sinkResources, _ = agent.Add(task)
	}
}

func BenchmarkSub(b *testing.B) {
	agent, task := MustParse(agentText), MustParse(taskText)
	b.ReportAllocs()
	for b.Loop() {
		sinkResources, sinkBool = agent.Sub(task)
	}
}

func BenchmarkContains(b *testing.B) {
	agent, task := MustParse(agentText), MustParse(taskText)
	b.ReportAllocs()
	for b.Loop() {
		sinkBool = agent.Contains(task)
	}
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		sinkResources, _ = Parse(agentText)
	}
}

func BenchmarkAddScalars(b *testing.B) {
	x, y := MustParse("cpus:24;mem:4096;disk:4096;gpus:4"), MustParse("cpus:1;mem:128;disk:32;gpus:1")
	b.ReportAllocs()
	for b.Loop() {
		sinkResources, _ = x.Add(y)
	}
}

func BenchmarkEqual(b *testing.B) {
	x, y := MustParse(agentText), MustParse(agentText)
	b.ReportAllocs()
	for b.Loop() {
		sinkBool = x.Equal(y)
	}
}

func BenchmarkQuantities(b *testing.B) {
	agent := MustParse(agentText)
	b.ReportAllocs()
	for b.Loop() {
		sinkQuantities = agent.Quantities()
	}
}

func BenchmarkScalars(b *testing.B) {
	agent := MustParse(agentText)
	b.ReportAllocs()
	for b.Loop() {
		for _, v := range agent.Scalars() {
			sinkScalar += v
		}
	}
}

func BenchmarkAll(b *testing.B) {
	agent := MustParse("cpus:24;mem:4096;disk:4096;gpus:4")
	b.ReportAllocs()
	for b.Loop() {
		for r := range agent.All() {
			sinkScalar += r.Scalar
		}
	}
}

func BenchmarkAllocatableTo(b *testing.B) {
	agent := MustParse(agentText + ";cpus(eng):4;mem(eng):512")
	b.ReportAllocs()
	for b.Loop() {
		sinkResources = agent.AllocatableTo("ops")
	}
}
