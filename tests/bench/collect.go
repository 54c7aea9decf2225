// A thin service as one would write it: decode, look for the required members, append to a file without syncing it.
package main

import (
	"bufio"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"os"
	"sync"
)

func main() {
	file, err := os.Create(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	out := bufio.NewWriter(file)
	var lock sync.Mutex
	http.HandleFunc("/e", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 65536))
		if err != nil {
			w.WriteHeader(413)
			return
		}
		var events []map[string]any
		if len(body) != 0 && body[0] == '[' {
			err = json.Unmarshal(body, &events)
		} else {
			var event map[string]any
			err = json.Unmarshal(body, &event)
			events = append(events, event)
		}
		if err != nil {
			w.WriteHeader(400)
			return
		}
		lock.Lock()
		defer lock.Unlock()
		for _, event := range events {
			if _, good := event["event_type"].(string); !good {
				continue
			}
			if _, good := event["event_time"].(string); !good {
				continue
			}
			line, _ := json.Marshal(event)
			out.Write(line)
			out.WriteByte('\n')
		}
		out.Flush()
		w.WriteHeader(204)
	})
	log.Fatal(http.ListenAndServe(os.Args[1], nil))
}
