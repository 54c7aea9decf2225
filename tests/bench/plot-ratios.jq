# jq -r: what ratios.gp draws.
.comparisons[] | ["\(.part): \(.job)" + (if .input == "canonical" then "" else ", \(.input)" end), .times, .target // 0] | @tsv
