package offers

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/resources"
)

func TestAgentStateDevices(t *testing.T) {
	info := &proffer.AgentInfo{Resources: resources.MustParse("cpus:8;gpu/0:1;gpu/1:1;gpu/3:1;gpu/x:1;fpga/0:1")}
	s := NewAgentState(info, resources.MustParse("cpus:2;gpu/1:0.5;gpu/3:1;fpga/0:1"))
	if diff := cmp.Diff([]resources.Scalar{0, 500, 0, 1000}, s.Devices("gpu")); diff != "" {
		t.Errorf("gpu (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]resources.Scalar{1000}, s.Devices("fpga")); diff != "" {
		t.Errorf("fpga (-want +got)\n%s", diff)
	}
	if got := s.Devices("none"); len(got) != 0 {
		t.Errorf("devices of no family: %v", got)
	}
	s.become(resources.MustParse("gpu/0:1"))
	if diff := cmp.Diff([]resources.Scalar{1000, 0, 0, 0}, s.Devices("gpu")); diff != "" {
		t.Errorf("after a change (-want +got)\n%s", diff)
	}
	if s.Total("cpus") != 8000 || s.Free("cpus") != 0 {
		t.Errorf("cpus: %s of %s free, want 0 of 8", s.Free("cpus"), s.Total("cpus"))
	}
}

func TestAgentStateDeviceUses(t *testing.T) {
	part := resources.MustParse("cpus:1;gpu/0:0.5")
	two := resources.MustParse("gpu/1:1;gpu/2:1;fpga/0:1")
	s := NewAgentState(&proffer.AgentInfo{}, resources.Resources{}, part, two, part, resources.MustParse("cpus:1"))
	want := []DeviceUse{
		{Family: "gpu", Count: 1, Part: true, Tasks: 2},
		{Family: "fpga", Count: 1, Tasks: 1},
		{Family: "gpu", Count: 2, Tasks: 1},
	}
	if diff := cmp.Diff(want, s.DeviceUses()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	s.ended(part)
	s.ended(two)
	want = []DeviceUse{{Family: "gpu", Count: 1, Part: true, Tasks: 1}}
	if diff := cmp.Diff(want, s.DeviceUses()); diff != "" {
		t.Errorf("after two ended (-want +got)\n%s", diff)
	}
	s.ended(part)
	if got := s.DeviceUses(); len(got) != 0 {
		t.Errorf("after all ended: %v", got)
	}
}
