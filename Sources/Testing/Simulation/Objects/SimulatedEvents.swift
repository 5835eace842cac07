/// What must happen in runs that are many enough: a fault that never comes proves nothing.
extension ObjectSimulation {
    /// Seeds in which each of the ``events`` happens.
    package static let seedsForEveryEvent = 500

    /// The names under which is counted what may go wrong between processes and bucket, with the processes, and with the bucket.
    package static let events: [String] =
        SimulatedFault.allCases.map(\.rawValue) + [
            // Between processes and bucket.
            "lost_race", "refused_by_date", "duplicate_effect", "duplicate_refused", "write_of_the_dead",
            // Processes.
            "crash", "clock_skew", "pause_of_minutes", "pause_of_hours", "pause_of_days", "copied_machine", "reopen",
            "hasty_close", "sleep_between_deeds", "sleep_before_manifest", "woken_at_collection",
            // The bucket, and what is done with it.
            "hand_edit", "store_replaced", "late_stray", "stranger_refused", "crowd", "page_of_999", "page_of_1000",
            "page_of_1001",
            "listing_that_lags",
            "page_that_is_not_the_last", "heavy_batch", "collected_manifest", "collected_index_file",
            "collected_log_record",
            "collected_published",
            // The same by the driver's own collection, and parts, which the other one leaves alone.
            "driver_collected_manifest", "driver_collected_index_file", "driver_collected_log_record",
            "driver_collected_part", "driver_collected_published",
        ]
}
