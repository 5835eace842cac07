import CairnCore
import CairnSchema

/// What a migration may cost before somebody is told.
package struct MigrationBudget: Sendable, Hashable {
    /// Requests to an object store.
    package var requests: Int
    /// Their price in dollars.
    package var dollars: Double

    /// The defaults: 100,000 requests and a dollar.
    package init(requests: Int = 100_000, dollars: Double = 1) {
        self.requests = requests
        self.dollars = dollars
    }

    /// What is to be said of a cost; nil when it is within the budget.
    func finding(_ cost: MigrationCost, _ schema: Schema) -> Finding? {
        var excesses: [String] = []
        if cost.requests > requests {
            excesses.append("about \(cost.requests) requests, and the budget has \(requests)")
        }
        if cost.dollars > dollars {
            excesses.append("about $\(MigrationBudget.text(cost.dollars)), and the budget has $\(dollars)")
        }
        guard !excesses.isEmpty else { return nil }
        var finding = Finding(
            .exceedBudget, "it takes \(excesses.joined(separator: "; "))",
            recipe: "make fewer indexes at once, or allow more with '--budget-requests' and '--budget-dollars'")
        finding.allowance = schema.allowance(.exceedBudget, table: nil, column: nil)
        return finding
    }

    /// Dollars to a hundredth of a cent, never less than they are.
    package static func text(_ dollars: Double) -> String {
        "\((dollars * 10_000).rounded(.up) / 10_000)"
    }
}
