import CairnCore

/// Makes random conditions that compute: arithmetic, lengths, elements of lists, paths into JSON, columns with columns.
struct ExpressionGenerator {
    let table: Table
    let pools: ValuePools

    /// A condition of a column that computes with it; nil when plain comparisons are to do this time.
    func condition(of column: Column, _ random: inout SeededRandom) -> Condition? {
        switch column.valueType {
        case .json where random.chance(70): return ofJSON(column, &random)
        case .array(let type) where random.chance(50):
            return .hasElement(column: column.position, element(of: column, type, &random))
        case .int, .double, .decimal: return random.chance(25) ? numbers(of: column, &random) : nil
        default: break
        }
        if column.valueType.hasLength, random.chance(20) {
            return .computed(
                .count(column: column.position), comparison(&random), .value(.int(random.number(-1...4))))
        }
        let others = table.columns.filter { $0.valueType == column.valueType || random.chance(1) }
        guard random.chance(15), let other = random.pick(others) else { return nil }
        let isEquality = !column.valueType.isOrdered && random.chance(97)
        return .computed(
            .column(column.position), isEquality ? .notEqual : comparison(&random), .column(other.position))
    }

    private static let comparisons: [Condition.Comparison] = [
        .equal, .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual,
    ]

    private func comparison(_ random: inout SeededRandom) -> Condition.Comparison {
        random.pick(ExpressionGenerator.comparisons, else: .equal)
    }

    private func element(of column: Column, _ type: ValueType, _ random: inout SeededRandom) -> Value {
        if case .array(let elements) = pools.compared(column, of: table, &random), let element = random.pick(elements) {
            return element
        }
        return random.chance(98) ? EdgeValues.make(type, &random) : .null
    }

    // MARK: Numbers

    private func numbers(of column: Column, _ random: inout SeededRandom) -> Condition {
        .computed(
            number(like: column, depth: 0, &random), comparison(&random), number(like: column, depth: 0, &random))
    }

    /// Something with numbers; sometimes of kinds that do not go together, which is to be refused everywhere.
    private func number(like column: Column, depth: Int, _ random: inout SeededRandom) -> RowExpression {
        let isDecimal = column.valueType == .decimal
        switch random.weighted([35, 15, 10, depth < 3 ? 40 : 0]) {
        case 0: return .column(column.position)
        case 1:
            let others = table.columns.filter { other in
                switch other.valueType {
                case .int: true
                case .decimal: isDecimal || random.chance(2)
                case .double: !isDecimal || random.chance(2)
                default: other.valueType.hasLength
                }
            }
            guard let other = random.pick(others) else { return .column(column.position) }
            return other.valueType.hasLength ? .count(column: other.position) : .column(other.position)
        case 2: return .value(pools.compared(column, of: table, &random))
        default:
            let operation = random.pick(RowExpression.Arithmetic.allCases, else: .add)
            return .arithmetic(
                number(like: column, depth: depth + 1, &random),
                isDecimal && operation == .divide && random.chance(95) ? .multiply : operation,
                number(like: column, depth: depth + 1, &random))
        }
    }

    // MARK: JSON

    private func ofJSON(_ column: Column, _ random: inout SeededRandom) -> Condition {
        let (path, target) = path(into: column, &random)
        switch random.weighted([45, 15, 15, 15, 25]) {
        case 0:
            return .computed(
                .path(column: column.position, path), comparison(&random), .value(scalar(like: target, &random)))
        case 1: return .hasPath(column: column.position, path)
        case 2: return .isPathNull(column: column.position, path)
        case 3: return text(column, path, target, &random)
        default:
            return .computed(.path(column: column.position, path), comparison(&random), beside(column, &random))
        }
    }

    /// What is searched for is mostly in the text that the path leads to.
    private func text(
        _ column: Column, _ path: [JSONStep], _ target: JSONValue?, _ random: inout SeededRandom
    ) -> Condition {
        var whole = "a"
        if case .string(let text) = target {
            whole = text
        } else if case .string(let text) = EdgeValues.make(.string, &random) {
            whole = text
        }
        let (match, operand, ignoringCase) = QueryGenerator.search(for: whole, &random)
        return .pathText(column: column.position, path, match, operand, ignoringCase: ignoringCase)
    }

    /// What stands at another place: in the same document or another one, or in a column of any type, also of one that is refused.
    private func beside(_ column: Column, _ random: inout SeededRandom) -> RowExpression {
        let isJSON = random.chance(60)
        guard let other = random.pick(table.columns.filter { ($0.valueType == .json) == isJSON }) else {
            return .path(column: column.position, path(into: column, &random).path)
        }
        return isJSON
            ? .path(column: other.position, path(into: other, &random).path) : number(like: other, depth: 2, &random)
    }

    /// A path into the documents of a column, mostly one that leads somewhere, and what is there.
    private func path(into column: Column, _ random: inout SeededRandom) -> (path: [JSONStep], target: JSONValue?) {
        var path: [JSONStep] = []
        var target: JSONValue?
        if case .json(let json) = pools.compared(column, of: table, &random) {
            (path, target) = walk(json, &random)
        }
        if random.chance(15) { path.append(random.chance(50) ? .member("a") : .element(random.below(3))) }
        return (path, target)
    }

    /// A way into a document, and what it leads to.
    private func walk(_ json: JSONValue, _ random: inout SeededRandom) -> ([JSONStep], JSONValue) {
        var path: [JSONStep] = []
        var place = json
        while random.chance(85) {
            switch place {
            case .array(let elements) where !elements.isEmpty:
                let index = random.below(elements.count)
                path.append(.element(index))
                place = elements[index]
            case .object(let object) where !object.members.isEmpty:
                let member = object.members[random.below(object.members.count)]
                path.append(.member(member.name))
                place = member.value
            default: return (path, place)
            }
        }
        return (path, place)
    }

    private func scalar(like json: JSONValue?, _ random: inout SeededRandom) -> Value {
        if random.chance(60) {
            switch json {
            case .bool(let bool): return .bool(bool)
            case .int(let int): return random.chance(50) ? .int(int) : .double(Double(int))
            case .double(let double): return .double(double)
            case .string(let text): return .string(text)
            default: break
            }
        }
        let types: [ValueType] = random.chance(98) ? [.string, .int, .double, .bool] : [.date, .json]
        return EdgeValues.make(random.pick(types, else: .int), &random)
    }
}
