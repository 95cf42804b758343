// floor_objects.go - a Go peer: 100,000 trimmed workflows held in memory, unstructured, as client-go keeps them.
// SPDX-License-Identifier: MIT
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
)

const item = `{"metadata":{"name":"pipeline-%03d-hourly-%08x","namespace":"data","uid":"%08x-5717-4562-b3fc-2c963f66afa6",` +
	`"creationTimestamp":"2026-03-10T03:00:00Z","labels":{"workflows.argoproj.io/phase":"Succeeded",` +
	`"workflows.argoproj.io/cron-workflow":"pipeline-%03d-hourly","workflows.argoproj.io/completed":"true",` +
	`"team":"team-%d"}},"status":{"phase":"Succeeded","startedAt":"2026-03-10T03:00:01Z",` +
	`"finishedAt":"2026-03-10T03:04:01Z","progress":"12/12","message":""},"spec":{"suspend":false}}`

func main() {
	all := make([]map[string]any, 0, 100000)
	for i := 0; i < 100000; i++ {
		var one map[string]any
		p := i % 500
		text := fmt.Sprintf(item, p, i, i, p, p%12)
		if err := json.Unmarshal([]byte(text), &one); err != nil {
			panic(err)
		}
		all = append(all, one)
	}
	debug.FreeOSMemory() // its best case: right after a collection
	fmt.Println("ready")
	_, _ = os.Stdin.Read(make([]byte, 1))
	runtime.KeepAlive(all)
}
