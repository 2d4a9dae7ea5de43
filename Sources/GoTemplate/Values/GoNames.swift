/// Names that Docker's types have in Go and not in JSON: a template may use either.
enum GoNames {
    static let inJSON = [
        "ID": "Id", "DNS": "Dns", "DNSOptions": "DnsOptions", "DNSSearch": "DnsSearch", "NanoCPUs": "NanoCpus",
        "CPUShares": "CpuShares", "CPUPeriod": "CpuPeriod", "CPUQuota": "CpuQuota",
        "CPURealtimePeriod": "CpuRealtimePeriod", "CPURealtimeRuntime": "CpuRealtimeRuntime", "CPUCount": "CpuCount",
        "CPUPercent": "CpuPercent",
    ]
}
